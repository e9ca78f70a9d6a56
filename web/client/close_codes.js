// The close codes of WebSockets that the client acts on (docs/protocol.md).

export const NORMAL = 1000;
export const GOING_AWAY = 1001;
export const TOO_MANY_MESSAGES = 4009;
export const REPLACED = 4502;

const CLIENT_ERRORS = [1003, 1007, 1008, 1009, 1010];

/** Whether another connection would be closed for the same reason: an error of this client, or a refusal (4500 to 4599). */
export const isFinal = (code) => CLIENT_ERRORS.includes(code) || (code >= 4500 && code <= 4599);
