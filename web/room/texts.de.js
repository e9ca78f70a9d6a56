// The texts of the room view, in German; see texts.js.

const plural = (count, one, many) => (count === 1 ? one : many);
const number = (count) => count.toLocaleString('de');
const list = (names) => new Intl.ListFormat('de').format(names);
const came = (names) => plural(names.length, 'ist', 'sind');

export const texts = {
    'room.messages': 'Nachrichten',
    'room.loading': 'Nachrichten werden geladen',
    'room.empty': 'Noch keine Nachrichten. Schreib die erste.',
    'room.beginning': 'Hier beginnt das Gespräch.',
    'room.older': 'Ältere Nachrichten werden geladen',
    'room.olderFailed': 'Ältere Nachrichten konnten nicht geladen werden.',
    'room.gap': 'Verpasste Nachrichten werden geladen',
    'room.gapFailed': 'Verpasste Nachrichten konnten nicht geladen werden.',
    'room.reset': 'Der Verlauf dieses Raums wurde ersetzt. Ältere Nachrichten gibt es nicht mehr.',
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
    'room.tooFast': 'Du sendest zu schnell. Warte einen Moment.',
    'room.reason': (reason) => `Der Server meldet: „${reason}“`,

    'room.members': 'Personen hier',
    'room.number': number,
    'room.membersCount': (count) => `${number(count)} ${plural(count, 'Person', 'Personen')} hier`,
    'room.membersMore': (count) => `und ${number(count)} ${plural(count, 'weitere Person', 'weitere Personen')}`,
    'room.membersClose': 'Liste der Personen schließen',
    'room.memberYou': '(du)',

    'room.connecting': 'Verbindung wird aufgebaut …',
    'room.waiting': 'Verbindung verloren. Neuer Versuch …',
    'room.waitingFor': (seconds) => `Verbindung verloren. Neuer Versuch in ${seconds} s.`,
    'room.offline': 'Du bist offline. Was du schreibst, wird gesendet, sobald du wieder verbunden bist.',
    'room.retryNow': 'Jetzt versuchen',
    'room.online': 'Du bist wieder verbunden.',
    'room.accessExpired': 'Dein Zugang zu diesem Raum ist abgelaufen. Tritt noch einmal ein. Nicht gesendete Nachrichten bleiben erhalten.',
    'room.accessChanged': 'Der Zugang zu diesem Raum hat sich geändert. Tritt noch einmal ein.',
    'room.closed': 'Du bist nicht mehr mit diesem Raum verbunden.',
    'room.closed.4501': 'Das Passwort dieses Raums wurde geändert. Tritt noch einmal ein.',
    'room.closed.4502': 'Dieser Raum ist in einem anderen Fenster geöffnet.',
    'room.closed.4503': 'Du wurdest aus diesem Raum entfernt.',
    'room.closed.4504': 'Dieser Raum wurde gelöscht.',
    'room.nameTaken': (name) => `Der Name ${name} ist vergeben. Wähle einen anderen.`,
    'room.nameRefused': 'Der Server nimmt diesen Namen nicht an.',
};
