// Everything that the room view says, in English. A value is a text, or a function from numbers and names to one.
// Another language is a file like this one with the same keys, and a line in load_texts.js.

const plural = (count, one, many) => (count === 1 ? one : many);
const number = (count) => count.toLocaleString('en');
const list = (names) => new Intl.ListFormat('en').format(names);

export const texts = {
    'room.messages': 'Messages',
    'room.loading': 'Loading messages',
    'room.empty': 'Nobody has said anything yet. Say hello!',
    'room.beginning': 'This is where the conversation begins.',
    'room.older': 'Loading older messages',
    'room.olderFailed': 'Older messages could not be loaded.',
    'room.gap': 'Loading what you missed',
    'room.gapFailed': 'What you missed could not be loaded.',
    'room.reset': 'Messages from before are gone. This is what the room holds now.',
    'room.tryAgain': 'Try again',
    'room.newMessages': 'New messages',
    'room.jump': (count) =>
        count === 0 ? 'To the latest message' : `${number(count)} new ${plural(count, 'message', 'messages')}, to the latest`,
    'room.joined': (name) => `${name} came in`,
    'room.left': (name) => `${name} left`,
    'room.manyJoined': (names) => `${list(names)} came in`,
    'room.manyLeft': (names) => `${list(names)} left`,
    'room.others': (count) => `${number(count)} ${plural(count, 'other', 'others')}`,
    'room.message': (name, text) => `${name}: ${text}`,
    'room.manyMessages': (count) => `${number(count)} new ${plural(count, 'message', 'messages')}`,
    'room.you': 'You',
    'room.noName': '(no visible name)',
    'room.showAll': 'Show all',
    'room.showLess': 'Show less',

    'room.write': 'Your message',
    'room.placeholder': 'Write a message',
    'room.send': 'Send',
    'room.emoji': 'Insert an emoji',
    'room.emojiNames': async () => ({}),
    'room.charactersLeft': (count) =>
        count >= 0
            ? `${number(count)} ${plural(count, 'character', 'characters')} left`
            : `${number(-count)} ${plural(-count, 'character', 'characters')} too many`,
    'room.sending': 'Sending',
    'room.sent': 'Sent',
    'room.failed': 'Not sent',
    'room.retry': 'Send again',
    'room.discard': 'Discard',
    'room.tooFast': 'You are writing faster than this room allows.',

    'room.members': 'People here',
    'room.membersCount': (count) => `${number(count)} ${plural(count, 'person', 'people')} here`,
    'room.membersClose': 'Close the list of people',
    'room.memberYou': '(you)',

    'room.connecting': 'Connecting …',
    'room.waiting': 'Connection lost. Trying again …',
    'room.waitingFor': (seconds) => `Connection lost. Trying again in ${seconds} s.`,
    'room.offline': 'You are offline. What you write is sent when you are back.',
    'room.retryNow': 'Try now',
    'room.online': 'You are connected again.',
    'room.accessExpired': 'Your key to this room has expired. Please come in again; nothing you wrote is lost.',
    'room.accessChanged': 'The key to this room has changed. Please come in again.',
    'room.closed': 'You are no longer connected to this room.',
    'room.closed.4501': 'The password of this room has changed. Come in again.',
    'room.closed.4502': 'You are in this room in another window.',
    'room.closed.4503': 'You were removed from this room.',
    'room.closed.4504': 'This room was deleted.',
    'room.nameTaken': (name) => `Somebody here is called ${name} already. Choose another name.`,
    'room.nameRefused': 'The server does not accept this name.',
};
