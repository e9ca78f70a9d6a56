// Certificates for servers with TLS, made by the `openssl` of the system, which the tests trust without looking.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const EC_KEY = ['ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];

/**
 * A new certificate for localhost and 127.0.0.1 with its key, as PEM.
 * @param {object} [options]
 * @param {string} [options.name] its common name, to tell certificates apart
 * @param {number} [options.days] its life
 * @param {boolean} [options.expired] it has expired yesterday
 * @param {string[]} [options.key] arguments of `openssl req` for the key
 */
export function makeCertificate({ name = 'globes test', days = 30, expired = false, key = EC_KEY } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'globes-certificate-'));
    const [cert, pem] = ['cert.pem', 'key.pem'].map((file) => join(folder, file));
    try {
        const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1';
        const files = ['-nodes', '-keyout', pem, '-out', cert];
        const subject = ['-days', `${days}`, '-subj', `/CN=${name}`, '-addext', names];
        execFileSync('openssl', ['req', '-x509', '-newkey', ...key, ...files, ...subject], { stdio: 'pipe' });
        // `req` refuses such a life.
        const again = ['-in', cert, '-signkey', pem, '-days', '-1', '-out', cert];
        if (expired) execFileSync('openssl', ['x509', ...again], { stdio: 'pipe' });
        return { cert: readFileSync(cert, 'utf8'), key: readFileSync(pem, 'utf8') };
    } finally {
        rmSync(folder, { recursive: true });
    }
}

let shared;

/** A certificate that all servers of a test process may share. */
export function sharedCertificate() {
    return (shared ??= makeCertificate());
}
