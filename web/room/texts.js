// The texts of the room view, in English. A value is a text, or a function that makes a text from numbers and names.
// For another language, add a file with the same keys, and a line in load_texts.js.

const plural = (count, one, many) => (count === 1 ? one : many);
const number = (count) => count.toLocaleString('en');
const list = (names) => new Intl.ListFormat('en').format(names);

export const texts = {
    'room.messages': 'Messages',
    'room.loading': 'Loading messages',
    'room.empty': 'No messages yet. Write the first one.',
    'room.beginning': 'The conversation begins here.',
    'room.older': 'Loading older messages',
    'room.olderFailed': 'Older messages could not be loaded.',
    'room.gap': 'Loading missed messages',
    'room.gapFailed': 'Missed messages could not be loaded.',
    'room.reset': 'The history of this room was replaced. Older messages are gone.',
    'room.tryAgain': 'Try again',
    'room.newMessages': 'New messages',
    'room.jump': (count) =>
        count === 0 ? 'Go to the latest message' : `${number(count)} new ${plural(count, 'message', 'messages')}, go to the latest`,
    'room.joined': (name) => `${name} joined`,
    'room.left': (name) => `${name} left`,
    'room.manyJoined': (names) => `${list(names)} joined`,
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
    'room.tooFast': 'You are sending messages too fast. Wait a moment.',
    'room.reason': (reason) => reason,

    'room.members': 'People here',
    'room.number': number,
    'room.membersCount': (count) => `${number(count)} ${plural(count, 'person', 'people')} here`,
    'room.membersMore': (count) => `and ${number(count)} more`,
    'room.membersClose': 'Close the list of people',
    'room.memberYou': '(you)',

    'room.connecting': 'Connecting …',
    'room.waiting': 'Connection lost. Trying again …',
    'room.waitingFor': (seconds) => `Connection lost. Trying again in ${seconds} s.`,
    'room.offline': 'You are offline. Messages are sent when you are back online.',
    'room.retryNow': 'Try now',
    'room.online': 'You are connected again.',
    'room.accessExpired': 'Your access to this room has expired. Join again. Your unsent messages are kept.',
    'room.accessChanged': 'Access to this room has changed. Join again.',
    'room.closed': 'You are no longer connected to this room.',
    'room.closed.4501': 'The password of this room has changed. Join again.',
    'room.closed.4502': 'This room is open in another window.',
    'room.closed.4503': 'You were removed from this room.',
    'room.closed.4504': 'This room was deleted.',
    'room.nameTaken': (name) => `The name ${name} is taken. Choose another one.`,
    'room.nameRefused': 'The server does not accept this name.',
};
