// The room view's stylesheet, for its shadow root.
import { themeRules } from './theme.js';

const SHEET = `
:host { color-scheme: light dark; }
${themeRules('.room')}
.room {
    position: relative; display: flex; height: 100%; min-height: 0; overflow: hidden; container-type: inline-size;
    background: var(--surface); color: var(--text); font: 400 15px/1.42 var(--font); -webkit-text-size-adjust: 100%; text-size-adjust: 100%;
}
*, ::before, ::after { box-sizing: border-box; }
[hidden] { display: none !important; }
button, textarea { font: inherit; color: inherit; }
button { border: 0; background: none; padding: 0; cursor: pointer; }
:focus { outline: none; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.scroller:focus-visible, .listed:focus-visible { outline-offset: -3px; }
.visually-hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon { display: block; width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; }
.icon-button { display: grid; flex: none; place-items: center; width: 40px; height: 40px; border-radius: 50%; color: var(--quiet); }
.icon-button:hover { background: color-mix(in srgb, var(--text) 8%, transparent); color: var(--text); }
.text-button { padding: 2px 4px; border-radius: 6px; color: var(--accent); font-weight: 600; }
.text-button:hover { text-decoration: underline; }

.main { display: flex; flex: 1; flex-direction: column; min-width: 0; }
.messages { position: relative; display: flex; flex: 1; min-height: 0; }
.scroller {
    display: flex; flex: 1; flex-direction: column; min-width: 0; overflow: hidden auto; overflow-anchor: none;
    overscroll-behavior: contain; scrollbar-width: thin; scrollbar-color: var(--border) transparent;
}
.space-above { flex: none; margin-top: auto; }
.rows { flex: none; padding-inline: max(12px, (100% - 860px) / 2); }
.row { display: flow-root; contain: layout; }

.day, .marker { display: flex; justify-content: center; padding: 18px 0 10px; }
.day span {
    padding: 3px 12px; border: 1px solid var(--border); border-radius: 99px; background: var(--raised);
    color: var(--quiet); font-size: 12.5px; font-weight: 600;
}
.marker { align-items: center; gap: 12px; padding: 12px 0 6px; color: var(--accent); font-size: 12.5px; font-weight: 650; }
.marker::before, .marker::after { flex: 1; height: 1px; background: currentColor; opacity: .45; content: ''; }
.presence, .note { padding: 5px 8px; color: var(--quiet); font-size: 13px; text-align: center; overflow-wrap: anywhere; }
.note { padding: 20px 8px 6px; }
.dots { display: inline-block; width: 34px; height: 8px; background: radial-gradient(circle, currentColor 3px, transparent 3.5px) 0 0 / 33.3% 100%; animation: breathe 1.2s ease-in-out infinite; }
@keyframes breathe { 50% { opacity: .25; } }

.message { position: relative; padding-block: 2px; padding-inline: 42px 44px; }
.message.first { padding-block-start: 10px; }
.message.own { padding-inline: 56px 0; text-align: end; }
.avatar {
    position: absolute; inset-block-start: 11px; inset-inline-start: 0; display: grid; place-items: center; width: 32px; height: 32px;
    border-radius: 50%; background: var(--name-color); color: var(--raised); font-size: calc(14px * var(--fit)); font-weight: 650; line-height: 1; user-select: none; overflow: hidden; white-space: nowrap;
}
.name { display: block; width: fit-content; max-width: calc(100% - 4px); margin: 0 2px 2px; overflow: hidden; color: var(--name-color); font-size: 13px; font-weight: 650; text-overflow: ellipsis; white-space: nowrap; unicode-bidi: isolate; text-align: start; }
.bubble {
    position: relative; display: inline-block; max-width: min(100%, 640px); padding: 7px 12px; border-radius: var(--radius);
    background: var(--bubble); box-shadow: 0 0 0 1px var(--border); text-align: start; vertical-align: top;
}
.own .bubble { background: var(--own); box-shadow: none; }
.message:not(.own):not(.first) .bubble { border-start-start-radius: 5px; }
.message:not(.own):not(.last) .bubble { border-end-start-radius: 5px; }
.own:not(.first) .bubble { border-start-end-radius: 5px; }
.own:not(.last) .bubble { border-end-end-radius: 5px; }
.body { unicode-bidi: plaintext; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; tab-size: 4; }
.text a { color: inherit; text-decoration-color: var(--accent); text-decoration-thickness: 2px; text-underline-offset: 2px; }
.text a:hover { color: var(--accent); }
.meta { display: inline-flex; float: inline-end; align-items: center; gap: 3px; margin-block: 5px -3px; margin-inline: 10px -2px; color: var(--quiet); font-size: 11.5px; font-variant-numeric: tabular-nums; user-select: none; }
.own .meta { color: color-mix(in srgb, var(--text) 74%, var(--own)); }
.state .icon { width: 14px; height: 14px; stroke-width: 2.2; }
.sending .bubble { opacity: .72; }
.failed .bubble { box-shadow: 0 0 0 1.5px var(--danger); }
.failed .state { color: var(--danger); }
.failed-actions { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 4px 10px; padding: 3px 2px 4px; font-size: 13px; }
.failed-actions span { padding: 2px 0; color: var(--danger); font-weight: 600; }
.large { padding: 0 2px; background: none !important; box-shadow: none; font-size: 40px; line-height: 1.25; }
.large .meta { font-size: 11.5px; line-height: 1.42; margin-block-start: 34px; }
.folded .text { display: block; max-height: 340px; overflow: hidden; mask-image: linear-gradient(#000 80%, transparent); }
.fold { display: block; margin: 4px -4px 0; }

.skeleton { position: absolute; inset: 0; display: flex; flex-direction: column; justify-content: flex-end; gap: 12px; padding: 12px max(12px, (100% - 860px) / 2); background: var(--surface); }
.skeleton span:not(.visually-hidden) { width: 46%; height: 40px; margin-inline-start: 42px; border-radius: var(--radius); background: color-mix(in srgb, var(--text) 8%, transparent); animation: breathe 1.6s ease-in-out infinite; }
.skeleton span:nth-of-type(3n) { width: 34%; margin-inline-start: auto; }
.skeleton span:nth-of-type(4n + 2) { width: 62%; height: 62px; }
.empty { position: absolute; inset: auto 0 40%; margin: 0; padding: 0 24px; color: var(--quiet); text-align: center; }
.jump {
    position: absolute; inset-block-end: 14px; inset-inline-end: max(14px, (100% - 860px) / 2); display: grid; place-items: center; width: 44px; height: 44px;
    border: 1px solid var(--border); border-radius: 50%; background: var(--raised); box-shadow: 0 3px 14px var(--shade); color: var(--text);
}
.jump:hover { color: var(--accent); }
.badge { position: absolute; inset-block-start: -8px; inset-inline-end: -4px; min-width: 22px; padding: 0 6px; border-radius: 99px; background: var(--accent); color: var(--on-accent, #fff); font-size: 12px; font-weight: 700; line-height: 22px; text-align: center; }

.state-line { display: flex; flex-wrap: wrap; align-items: center; justify-content: center; gap: 2px 10px; padding: 7px 16px; border-top: 1px solid var(--border); background: var(--raised); color: var(--text); font-size: 13px; }
.state-line::before { width: 8px; height: 8px; border-radius: 50%; background: var(--danger); content: ''; }
.state-line[data-state='online']::before, .state-line[data-state='connecting']::before { background: var(--accent); }
.state-line[data-state='waiting']::before { animation: breathe 1.2s ease-in-out infinite; }
.state-line[data-silent] { padding: 0; border: 0; }
.state-line[data-silent]::before { display: none; }

.composer { position: relative; display: flex; align-items: flex-end; gap: 8px; padding: 8px max(12px, (100% - 860px) / 2) max(10px, env(safe-area-inset-bottom)); }
.field { position: relative; display: flex; flex: 1; align-items: flex-end; min-width: 0; border: 1px solid var(--border); border-radius: calc(var(--radius) + 7px); background: var(--raised); }
.field:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.field .icon-button { margin: 2px; }
.field .icon-button .icon { width: 22px; height: 22px; }
.field textarea { flex: 1; min-width: 0; max-height: min(180px, 34vh); padding-block: 11px; padding-inline: 2px 14px; border: 0; background: none; font-size: 16px; line-height: 22px; resize: none; outline: none; overflow-y: auto; scrollbar-width: thin; }
textarea::placeholder { color: var(--quiet); opacity: 1; }
.count { align-self: center; padding-inline-end: 14px; color: var(--quiet); font-size: 13px; font-variant-numeric: tabular-nums; }
.count:empty { padding: 0; }
.count.over { color: var(--danger); font-weight: 700; }
.send { display: grid; flex: none; place-items: center; width: 46px; height: 46px; border-radius: 50%; background: var(--accent); color: var(--on-accent, #fff); transition: transform .12s, opacity .12s; }
.send:active { transform: scale(.93); }
.send[aria-disabled='true'] { background: color-mix(in srgb, var(--text) 10%, var(--surface)); color: var(--quiet); cursor: default; }
.send .icon { width: 22px; height: 22px; }
:dir(rtl) > .icon-send { transform: scaleX(-1); }
.picker {
    position: absolute; inset-block-end: calc(100% - 2px); inset-inline-start: max(12px, (100% - 860px) / 2); z-index: 2; display: grid; grid-template-columns: repeat(8, 1fr);
    width: min(348px, 100% - 24px); max-height: min(280px, 50vh); padding: 8px; overflow-y: auto; border: 1px solid var(--border); border-radius: var(--radius);
    background: var(--raised); box-shadow: 0 8px 28px var(--shade);
}
.picker button { aspect-ratio: 1; border-radius: 10px; font-size: 22px; line-height: 1; }
.picker button:hover { background: color-mix(in srgb, var(--text) 8%, transparent); }
.picker button:focus-visible { outline-offset: -2px; }

.members { display: flex; flex: none; flex-direction: column; width: 250px; border-inline-start: 1px solid var(--border); background: var(--raised); }
.members header { display: flex; align-items: center; justify-content: space-between; padding-block: 8px 4px; padding-inline: 18px 8px; }
.members h2 { margin: 0; font-size: 14px; font-weight: 650; }
.members .listed { flex: 1; padding: 0 18px 16px; overflow-y: auto; }
.members ul { margin: 0; padding: 0; list-style: none; }
.members .more { margin: 0; padding: 6px 0; color: var(--quiet); }
.members li { display: flex; align-items: center; gap: 10px; padding: 6px 0; color: var(--name-color); font-weight: 600; }
.members li::before { flex: none; width: 10px; height: 10px; border-radius: 50%; background: currentColor; content: ''; }
.members bdi { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.me { color: var(--quiet); font-size: 13px; font-weight: 400; white-space: nowrap; }
@container (max-width: 719px) {
    .members { position: absolute; inset-block: 0; inset-inline-end: 0; z-index: 3; width: min(300px, 86%); box-shadow: 0 0 40px var(--shade); }
    .message { padding-inline: 40px 24px; }
    .message.own { padding-inline: 44px 0; }
}
/* Not visible: the end of the transition tells the script that the theme has changed. */
.room { transition: background-color 1ms !important; }
@media (prefers-reduced-motion: reduce) { .room *, ::before, ::after { animation: none !important; transition: none !important; } }
@media (forced-colors: active) { .bubble, .send, .jump, .field { border: 1px solid; } }
`;

let sheet = null;

/** One stylesheet for all views of the document. */
export function roomStyle() {
    if (!sheet) {
        sheet = new CSSStyleSheet();
        sheet.replaceSync(SHEET);
    }
    return sheet;
}
