// For tests that run what the docs tell: their code blocks, and the programs that they need.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const docs = join(resolve(dirname(fileURLToPath(import.meta.url)), '../../..'), 'docs');

/**
 * The code blocks of a page of docs, in order: of the section with this heading, without its subsections, or of all
 * sections.
 */
export function codeBlocks(heading, page = 'operations.md') {
    const sections = readFileSync(join(docs, page), 'utf8').split(/^##+ /m);
    const text = heading === undefined ? sections.join('') : sections.find((section) => section.startsWith(`${heading}\n`));
    if (text === undefined) throw new Error(`docs/${page} has no section ${heading}`);
    return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language, code]) => ({ language, code }));
}

/** The path of a program; null if it is not installed. Debian has some in /usr/sbin, too. */
export function findProgram(name) {
    const folders = [...process.env.PATH.split(':'), '/usr/sbin'];
    return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
