#include "base/metrics.h"

#include <fmt/format.h>

#include <cassert>
#include <cmath>

namespace globes {
namespace {

/// Quotes are escaped in label values, but not in help texts.
void append_escaped(std::string& out, std::string_view text, bool has_quotes) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (c == '"' && has_quotes)) out += '\\';
        out += c;
    }
}

}  // namespace

void MetricsText::begin(std::string_view name, Kind kind, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} ", name);
    append_escaped(text_, help, false);
    text_ += fmt::format("\n# TYPE {} {}\n", name, kind == Kind::counter ? "counter" : "gauge");
}

void MetricsText::sample(double value, Labels labels) {
    assert(std::isfinite(value));
    append(fmt::format("{}", value), labels);
}

void MetricsText::append(std::string_view value, Labels labels) {
    text_ += name_;
    char before = '{';
    for (const Label& label : labels) {
        text_ += before;
        text_ += label.name;
        text_ += "=\"";
        append_escaped(text_, label.value, true);
        text_ += '"';
        before = ',';
    }
    if (labels.size() > 0) text_ += '}';
    text_ += ' ';
    text_ += value;
    text_ += '\n';
}

}  // namespace globes
