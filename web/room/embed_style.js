// The stylesheet of <globes-chat> around the room view: its frame, its header and its entrance.
import { themeRules } from './theme.js';

const SHEET = `
${themeRules('.chat')}
:host { display: block; height: 480px; color-scheme: light dark; }
:host([hidden]) { display: none; }
*, ::before, ::after { box-sizing: border-box; }
.chat {
    display: flex; flex-direction: column; height: 100%; overflow: hidden; border: 1px solid var(--border); border-radius: var(--radius);
    background: var(--surface); color: var(--text); font: 400 15px/1.42 var(--font);
}
header { display: flex; align-items: center; gap: 8px; min-height: 52px; padding-block: 5px; padding-inline: 18px 6px; border-bottom: 1px solid var(--border); background: var(--raised); }
/* No wider than the title: a right-to-left title would otherwise be at the far end. */
h2 { min-width: 0; margin: 0; overflow: hidden; font-size: 16px; font-weight: 650; text-overflow: ellipsis; white-space: nowrap; }
h2 + * { margin-inline-start: auto; }
.host { display: flex; flex: 1; min-height: 0; }
button, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.icon { display: block; width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.icon-button { display: grid; flex: none; place-items: center; width: 40px; height: 40px; border: 0; border-radius: 50%; background: none; color: var(--quiet); cursor: pointer; }
.people { grid-auto-flow: column; gap: 6px; width: auto; min-width: 40px; padding: 0 12px; border-radius: 20px; font-variant-numeric: tabular-nums; }
.icon-button:hover { background: color-mix(in srgb, var(--text) 8%, transparent); color: var(--text); }
.icon-button[aria-expanded='true'] { color: var(--accent); }
.entrance, .failed { display: flex; flex-direction: column; gap: 14px; width: min(328px, 100% - 24px); margin: auto; padding: 4px; overflow-y: auto; }
.entrance:has(+ .host) { padding-block: 14px; }
.locked { padding: 10px 18px; text-align: center; }
.failed { align-items: center; text-align: center; }
.failed p { margin: 0; }
label span { display: block; margin-bottom: 4px; font-size: 13px; font-weight: 600; }
input { width: 100%; padding: 10px 14px; border: 1px solid var(--quiet); border-radius: calc(var(--radius) * .75); background: var(--raised); font-size: 16px; }
.problem { margin: 0; color: var(--danger); font-size: 14px; }
.problem:empty { display: none; }
.entrance button, .failed button { padding: 10px 18px; border: 0; border-radius: calc(var(--radius) * .75); background: var(--text); color: var(--surface); font-weight: 650; cursor: pointer; }
button:disabled { opacity: .6; }
`;

let sheet = null;

/** One stylesheet for all elements of the document. */
export function embedStyle() {
    if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(SHEET);
    }
    return sheet;
}
