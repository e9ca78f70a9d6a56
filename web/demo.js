// The demo page: the form sets the element's attributes, the list shows its events.
const chat = document.getElementById('chat');
const settings = document.getElementById('settings');
const events = document.getElementById('events');
const code = document.getElementById('code');
const SHOWN_EVENTS = 100;

function setAttribute(name, value) {
    if (value === '' || value === false) chat.removeAttribute(name);
    else chat.setAttribute(name, value === true ? '' : value);
}

function showCode() {
    const attributes = chat
        .getAttributeNames()
        .filter((name) => name !== 'id' && name !== 'data-theme')
        .map((name) => (chat.getAttribute(name) === '' ? ` ${name}` : ` ${name}="${chat.getAttribute(name)}"`));
    const script = `<script type="module" src="${new URL('/globes-chat.js', location.href)}"></script>`;
    code.textContent = `${script}\n<globes-chat${attributes.join('')}></globes-chat>`;
}

settings.addEventListener('change', (event) => {
    const target = /** @type {HTMLInputElement} */ (event.target);
    const value = target.type === 'checkbox' ? target.checked : target.value.trim();
    if (target.name === 'theme') chat.dataset.theme = String(value);
    else setAttribute(target.name, value);
    showCode();
});
settings.addEventListener('submit', (event) => event.preventDefault());

for (const name of ['globes-message', 'globes-join', 'globes-leave', 'globes-state', 'globes-error']) {
    chat.addEventListener(name, (event) => {
        const { type, detail } = /** @type {CustomEvent} */ (event);
        const line = document.createElement('li');
        line.textContent = `${type} ${detail.error?.message ?? detail.state ?? `${detail.name}: ${detail.msg}`}`;
        line.dir = 'auto';
        events.prepend(line);
        while (events.childElementCount > SHOWN_EVENTS) events.lastElementChild.remove();
    });
}
showCode();
