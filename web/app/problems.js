// The texts for errors of the API.
import { ConnectionError, GlobesError } from '../globes.js';

const DUPLICATE_ROOM = 102;
const INVALID_TOKEN = 403;
const TOO_MANY_REQUESTS = 503;
const UNAVAILABLE = 505;
const ROOM_NOT_FOUND = 101;
const PATH_NOT_FOUND = 501;
const WRONG_SECRET = 304;
const DUPLICATE_NAME = 202;
const NAME_UNAUTHORIZED = 204;
const INVALID_EVENT = 303;

export const isMissing = (error) => error.code === ROOM_NOT_FOUND || error.code === PATH_NOT_FOUND;
export const isWrongSecret = (error) => error.code === WRONG_SECRET;
export const isThrottled = (error) => error.code === TOO_MANY_REQUESTS;
export const isTokenRefused = (error) => error.code === INVALID_TOKEN;
export const isNameTaken = (error) => error.code === DUPLICATE_NAME;

/** The name cannot be used in this room: it is taken, not the token's, or invalid. */
export const isNameRefused = (error) =>
    [DUPLICATE_NAME, NAME_UNAUTHORIZED].includes(error.code) ||
    (error.code === INVALID_EVENT && error.field === 'name');

/** The text for an error that belongs to no field. */
export function errorText(texts, error) {
    // A bug of the page, which says nothing about the server.
    if (!(error instanceof GlobesError)) return texts.errorPage;
    if (error instanceof ConnectionError || !error.code) return texts.errorConnection;
    if (isThrottled(error)) return error.reason ? texts.errorReason(error.reason) : texts.errorTooMany;
    if (error.code === UNAVAILABLE) return error.reason ? texts.errorReason(error.reason) : texts.errorUnavailable;
    if (error.status === 401 || isTokenRefused(error)) return texts.errorUnauthorized;
    return texts.errorUnknown(error.code);
}

/**
 * Shows an error of the server at the field that it names.
 * @param {Record<string, { showProblem?(text: string): void, focus(): void }>} fields by the API's names
 * @returns {boolean} whether that field exists
 */
export function showAtField(texts, error, fields) {
    const field = fields[error.field];
    if (!field?.showProblem || isThrottled(error)) return false;
    field.showProblem(error.code === DUPLICATE_ROOM ? texts.problemTitleTaken : texts.problemContent);
    field.focus();
    return true;
}
