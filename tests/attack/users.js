/** The addresses of the users beside an attack. A file of its own, because the list of attacks needs no packages. */
export const USERS = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5', '127.0.0.6'];
