// Lists the public rooms.
const answer = await fetch('/chats?limit=1000', { headers: { Accept: 'application/json' } });
for (const { title, description, visibility, online } of await answer.json()) {
    if (visibility !== 'public') continue;
    const row = document.createElement('li');
    row.dir = 'auto';
    row.textContent = `${title} (${online}) ${description}`;
    document.querySelector('#rooms').append(row);
}
