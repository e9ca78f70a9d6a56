"""Draws a line chart as SVG, with text formatting only."""

import html
import math

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 150, 48, 60
_COLORS = {
    "globes": "#c2185b",
    "globes-memory": "#f48fb1",
    "raw-epoll": "#616161",
    "bun": "#e08e00",
    "ws": "#2e7d32",
    "centrifuge": "#6a1b9a",
}
_OTHER_COLOR = "#1565c0"


class _Axis:
    """Maps values to pixels, linearly or logarithmically, and computes the ticks."""

    def __init__(self, values, start_px, end_px, is_log):
        low, high = min(values), max(values)
        self.is_log = is_log and low > 0
        if self.is_log:
            self.low, self.high = 10 ** math.floor(math.log10(low)), 10 ** math.ceil(math.log10(high))
            if self.low == self.high:
                self.high *= 10
        else:
            self.low, self.high = 0.0, high * 1.05 or 1.0
        self.start_px, self.end_px = start_px, end_px

    def place(self, value):
        if self.is_log:
            share = math.log10(value / self.low) / math.log10(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start_px + share * (self.end_px - self.start_px)

    def ticks(self):
        if self.is_log:
            decades = round(math.log10(self.high / self.low))
            return [self.low * 10**i for i in range(decades + 1)]
        step = 10 ** math.floor(math.log10(self.high))
        while self.high / step < 4:
            step /= 2
        return [i * step for i in range(int(self.high / step) + 1)]


def _number(value):
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.3g}"


def line_chart(title, x_label, y_label, series, is_log):
    """`series`: for each server, its points (x, y) in order of x. Log axes if `is_log` and all values are above 0."""
    points = [point for line in series.values() for point in line]
    x_axis = _Axis([x for x, _ in points], _LEFT, _WIDTH - _RIGHT, is_log)
    y_axis = _Axis([y for _, y in points], _HEIGHT - _BOTTOM, _TOP, is_log)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="26" font-size="15">{html.escape(title)}</text>',
    ]
    for value in x_axis.ticks():
        x = x_axis.place(value)
        parts.append(f'<line x1="{x:.1f}" y1="{_TOP}" x2="{x:.1f}" y2="{_HEIGHT - _BOTTOM}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{x:.1f}" y="{_HEIGHT - _BOTTOM + 18}" text-anchor="middle">{_number(value)}</text>')
    for value in y_axis.ticks():
        y = y_axis.place(value)
        parts.append(f'<line x1="{_LEFT}" y1="{y:.1f}" x2="{_WIDTH - _RIGHT}" y2="{y:.1f}" stroke="#e4e4e4"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(value)}</text>')
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_HEIGHT - 18}" text-anchor="middle">{html.escape(x_label)}</text>')
    parts.append(f'<text transform="translate(20 {(_TOP + _HEIGHT - _BOTTOM) / 2}) rotate(-90)" text-anchor="middle">'
                 f"{html.escape(y_label)}</text>")
    for place, (name, line) in enumerate(series.items()):
        color = _COLORS.get(name, _OTHER_COLOR)
        path = " ".join(f"{x_axis.place(x):.1f},{y_axis.place(y):.1f}" for x, y in line)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts += [f'<circle cx="{x_axis.place(x):.1f}" cy="{y_axis.place(y):.1f}" r="3" fill="{color}"/>' for x, y in line]
        legend_y = _TOP + 10 + 20 * place
        legend_x = _WIDTH - _RIGHT + 16
        parts.append(f'<rect x="{legend_x}" y="{legend_y - 9}" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{legend_x + 18}" y="{legend_y + 1}">{html.escape(name)}</text>')
    return "\n".join([*parts, "</svg>", ""])
