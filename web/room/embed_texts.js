// What <globes-chat> says around the room view, in English; the page has no need of it. Another language is a file like this one
// with the same keys, and a line in load_embed_texts.js.
export const texts = {
    'room.embed.name': 'Your name',
    'room.embed.password': 'Password of this room',
    'room.embed.enter': 'Come in',
    'room.embed.wrongPassword': 'That is not the password of this room.',
    'room.embed.badToken': 'The key that this page has for this room (its “token”) is not valid.',
    'room.embed.badServer': 'The address of the chat (“server”) is not valid.',
    'room.embed.notFound': 'There is no such room.',
    'room.embed.unreachable': 'The chat can’t be reached.',
    'room.embed.retrying': 'The chat can’t be reached. Trying again …',
    'room.embed.failed': 'The chat could not be opened.',
    'room.embed.fault': 'Something is wrong with this page. Reload it.',
};
