// The claims of a token. The page reads them only to show a name; the server checks them.

/** The name in a room token or an owner's token; empty if it cannot be read. */
export function usernameOf(token) {
    try {
        const base64 = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
        const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
        return JSON.parse(new TextDecoder().decode(bytes)).username;
    } catch {
        return '';
    }
}
