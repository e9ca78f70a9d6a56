// What <globes-chat> says around the room view, in German.
export const texts = {
    'room.embed.name': 'Dein Name',
    'room.embed.password': 'Passwort dieses Raums',
    'room.embed.enter': 'Eintreten',
    'room.embed.wrongPassword': 'Das ist nicht das Passwort dieses Raums.',
    'room.embed.badToken': 'Der Schlüssel, den diese Seite für diesen Raum hat (ihr „token“), ist nicht gültig.',
    'room.embed.badServer': 'Die Adresse des Chats („server“) ist nicht gültig.',
    'room.embed.notFound': 'Diesen Raum gibt es nicht.',
    'room.embed.unreachable': 'Der Chat ist nicht erreichbar.',
    'room.embed.retrying': 'Der Chat ist nicht erreichbar. Neuer Versuch …',
    'room.embed.failed': 'Der Chat konnte nicht geöffnet werden.',
    'room.embed.fault': 'Mit dieser Seite stimmt etwas nicht. Lade sie neu.',
};
