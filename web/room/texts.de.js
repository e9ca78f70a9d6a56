// Everything that the room view says, in German; see texts.js.

const plural = (count, one, many) => (count === 1 ? one : many);
const number = (count) => count.toLocaleString('de');
const list = (names) => new Intl.ListFormat('de').format(names);
const came = (names) => plural(names.length, 'ist', 'sind');

export const texts = {
    'room.messages': 'Nachrichten',
    'room.loading': 'Nachrichten werden geladen',
    'room.empty': 'Hier hat noch niemand etwas gesagt. Sag Hallo!',
    'room.beginning': 'Hier beginnt das Gespräch.',
    'room.older': 'Ältere Nachrichten werden geladen',
    'room.olderFailed': 'Ältere Nachrichten konnten nicht geladen werden.',
    'room.gap': 'Verpasstes wird geladen',
    'room.gapFailed': 'Verpasstes konnte nicht geladen werden.',
    'room.reset': 'Frühere Nachrichten gibt es nicht mehr. Das ist der jetzige Stand des Raums.',
    'room.tryAgain': 'Noch einmal versuchen',
    'room.newMessages': 'Neue Nachrichten',
    'room.jump': (count) =>
        count === 0 ? 'Zur neuesten Nachricht' : `${number(count)} neue ${plural(count, 'Nachricht', 'Nachrichten')}, zur neuesten`,
    'room.joined': (name) => `${name} ist gekommen`,
    'room.left': (name) => `${name} ist gegangen`,
    'room.manyJoined': (names) => `${list(names)} ${came(names)} gekommen`,
    'room.manyLeft': (names) => `${list(names)} ${came(names)} gegangen`,
    'room.others': (count) => `${number(count)} ${plural(count, 'weitere Person', 'weitere')}`,
    'room.message': (name, text) => `${name}: ${text}`,
    'room.manyMessages': (count) => `${number(count)} neue ${plural(count, 'Nachricht', 'Nachrichten')}`,
    'room.you': 'Du',
    'room.noName': '(kein sichtbarer Name)',
    'room.showAll': 'Alles zeigen',
    'room.showLess': 'Weniger zeigen',

    'room.write': 'Deine Nachricht',
    'room.placeholder': 'Nachricht schreiben',
    'room.send': 'Senden',
    'room.emoji': 'Emoji einfügen',
    'room.emojiNames': async () => (await import('./emoji_names.de.js')).names,
    'room.charactersLeft': (count) =>
        count >= 0 ? `noch ${number(count)} Zeichen` : `${number(-count)} Zeichen zu viel`,
    'room.sending': 'Wird gesendet',
    'room.sent': 'Gesendet',
    'room.failed': 'Nicht gesendet',
    'room.retry': 'Noch einmal senden',
    'room.discard': 'Verwerfen',
    'room.tooFast': 'Du schreibst schneller, als dieser Raum es zulässt.',

    'room.members': 'Wer hier ist',
    'room.membersCount': (count) => `${number(count)} ${plural(count, 'Person', 'Personen')} hier`,
    'room.membersClose': 'Liste der Personen schließen',
    'room.memberYou': '(du)',

    'room.connecting': 'Verbindung wird aufgebaut …',
    'room.waiting': 'Verbindung verloren. Neuer Versuch …',
    'room.waitingFor': (seconds) => `Verbindung verloren. Neuer Versuch in ${seconds} s.`,
    'room.offline': 'Du bist offline. Was du schreibst, wird gesendet, sobald du wieder verbunden bist.',
    'room.retryNow': 'Jetzt versuchen',
    'room.online': 'Du bist wieder verbunden.',
    'room.accessExpired': 'Dein Schlüssel zu diesem Raum ist abgelaufen. Tritt bitte noch einmal ein; was du geschrieben hast, ist noch da.',
    'room.accessChanged': 'Der Schlüssel zu diesem Raum ist ein anderer geworden. Tritt bitte noch einmal ein.',
    'room.closed': 'Du bist nicht mehr mit diesem Raum verbunden.',
    'room.closed.4501': 'Das Passwort dieses Raums wurde geändert. Tritt noch einmal ein.',
    'room.closed.4502': 'Du bist in einem anderen Fenster in diesem Raum.',
    'room.closed.4503': 'Du wurdest aus diesem Raum entfernt.',
    'room.closed.4504': 'Dieser Raum wurde gelöscht.',
    'room.nameTaken': (name) => `Hier heißt schon jemand ${name}. Wähle einen anderen Namen.`,
    'room.nameRefused': 'Der Server nimmt diesen Namen nicht an.',
};
