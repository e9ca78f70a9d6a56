// A modal dialog on the browser's own <dialog>: it keeps the focus inside, closes on Escape and then restores the
// focus.
import { element, freshId, iconButton } from './dom.js';

/**
 * Opens a dialog; once closed, it is removed from the document.
 * @param {any} texts
 * @param {{ title: string, content: Node, onclose?: () => void }} options
 * @returns {HTMLDialogElement}
 */
export function openDialog(texts, { title, content, onclose }) {
    const titleId = freshId('dialog');
    const dialog = element('dialog', { class: 'dialog', 'aria-labelledby': titleId });
    const close = iconButton('close', texts.close, { bare: true, onclick: () => dialog.close() });
    dialog.append(element('div', { class: 'dialog-head' }, element('h2', { id: titleId }, title), close), content);
    dialog.addEventListener('close', () => {
        dialog.remove();
        onclose?.();
    });
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement | null} */ (dialog.querySelector('.input'))?.focus();
    return dialog;
}
