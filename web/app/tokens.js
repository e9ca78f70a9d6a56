// What a token says of itself. The page only reads it to show a name; whether it is true is the server's to know.

/** The name that a room token or an owner's token is for; empty where it can't be read. */
export function usernameOf(token) {
    try {
        const base64 = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        return JSON.parse(new TextDecoder().decode(bytes)).username;
    } catch {
        return '';
    }
}
