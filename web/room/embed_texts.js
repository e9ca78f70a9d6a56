// The texts of <globes-chat> around the room view, in English; the page does not need them. For another language, add a
// file with the same keys, and a line in load_embed_texts.js.
export const texts = {
    'room.embed.name': 'Your name',
    'room.embed.password': 'Password of this room',
    'room.embed.enter': 'Join',
    'room.embed.wrongPassword': 'The password is wrong.',
    'room.embed.badToken': 'The “token” of this page for the room is invalid.',
    'room.embed.badServer': 'The address of the chat (“server”) is invalid.',
    'room.embed.notFound': 'Room not found.',
    'room.embed.unreachable': 'The chat server cannot be reached.',
    'room.embed.retrying': 'The chat server cannot be reached. Trying again …',
    'room.embed.failed': 'The chat could not be opened.',
    'room.embed.fault': 'Something went wrong on this page. Reload it.',
};
