// The texts of <globes-chat> around the room view, in German.
export const texts = {
    'room.embed.name': 'Dein Name',
    'room.embed.password': 'Passwort dieses Raums',
    'room.embed.enter': 'Eintreten',
    'room.embed.wrongPassword': 'Das Passwort ist falsch.',
    'room.embed.badToken': 'Das „token“ dieser Seite für den Raum ist ungültig.',
    'room.embed.badServer': 'Die Adresse des Chats („server“) ist ungültig.',
    'room.embed.notFound': 'Raum nicht gefunden.',
    'room.embed.unreachable': 'Der Chat ist nicht erreichbar.',
    'room.embed.retrying': 'Der Chat ist nicht erreichbar. Neuer Versuch …',
    'room.embed.failed': 'Der Chat konnte nicht geöffnet werden.',
    'room.embed.fault': 'Auf dieser Seite ist etwas schiefgegangen. Lade sie neu.',
};
