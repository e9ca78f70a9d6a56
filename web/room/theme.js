// The theme: the custom properties by which a site changes the look of the room, and their defaults.
//
// --globes-accent          buttons, links, focus               --globes-danger       what failed
// --globes-surface         behind everything                   --globes-own-bubble   behind one's own messages
// --globes-surface-raised  header, composer, members           --globes-bubble       behind those of others
// --globes-text            on all of these                     --globes-radius       of bubbles and fields, a length
// --globes-text-quiet      times, comings and goings           --globes-font         a font-family
// --globes-border          thin lines

const LIGHT = {
    accent: '#3f51c7', surface: '#f7f6f3', 'surface-raised': '#ffffff', text: '#1b1d22', 'text-quiet': '#5d616c',
    border: '#dfdcd5', danger: '#b3261e', 'own-bubble': '#dfe4fc', bubble: '#ffffff',
};
const DARK = {
    accent: '#a9b4ff', surface: '#14161b', 'surface-raised': '#1d2027', text: '#eceef3', 'text-quiet': '#a2a7b4',
    border: '#2d313b', danger: '#ff9c92', 'own-bubble': '#2c366f', bubble: '#22262f',
};
const SHORT = { 'surface-raised': 'raised', 'text-quiet': 'quiet', 'own-bubble': 'own' };

function declarations(values) {
    return Object.entries(values).map(([name, value]) => `--${SHORT[name] ?? name}: var(--globes-${name}, ${value});`).join(' ');
}

/**
 * Rules that define the theme's properties under short names for `selector`: --accent, --raised, --quiet, --own and
 * others.
 */
export function themeRules(selector) {
    return `${selector} {
    ${declarations(LIGHT)}
    --radius: var(--globes-radius, 16px);
    --font: var(--globes-font, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif);
    --shade: rgb(20 22 35 / 12%);
}
@media (prefers-color-scheme: dark) { ${selector} { ${declarations(DARK)} --shade: rgb(0 0 0 / 40%); } }`;
}
