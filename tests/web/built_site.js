// The page as scripts/embed-site builds it, with hashed names, as the files of a `Static` folder: so a test can replace
// one version by another under a running server.
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const BUILD = `
import json, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1] + "scripts")
from embedding.site import Site
print(json.dumps({file.url: file.content.decode() for file in Site(sys.argv[2]).served_files()}))
`;

/**
 * A version of the page: each of its modules has another name than in a version with another number. The page has its
 * own number as `window.version`.
 * @returns {Record<string, string>} texts by URL
 */
export function buildSite(version) {
    const folder = mkdtempSync(join(tmpdir(), 'globes-site-'));
    try {
        cpSync(join(repository, 'web'), folder, { recursive: true });
        appendFileSync(join(folder, 'app/dom.js'), `\nwindow.version = ${version};\n`);
        appendFileSync(join(folder, 'texts.js'), `\nwindow.textsVersion = ${version};\n`);
        appendFileSync(join(folder, 'texts.de.js'), `\nwindow.textsVersion = ${version};\n`);
        const maxBuffer = 16 << 20;
        return JSON.parse(execFileSync('python3', ['-c', BUILD, repository, folder], { encoding: 'utf8', maxBuffer }));
    } finally {
        rmSync(folder, { recursive: true });
    }
}

/** Replaces all files of the folder by these. */
export function replaceSite(folder, site) {
    rmSync(folder, { recursive: true, force: true });
    for (const [url, text] of Object.entries(site)) {
        const path = join(folder, url);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
    }
}
