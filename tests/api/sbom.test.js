// The software bill of materials (scripts/sbom): valid SPDX 2.3 with every library that the program loads.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { releaseBinary } from './harness/server.js';

const script = resolve(dirname(fileURLToPath(import.meta.url)), '../../scripts/sbom');
const folder = dirname(releaseBinary);
const skip = !existsSync(join(folder, 'build.ninja')) && 'the program is not in the folder of its build';

function output(command, ...args) {
    const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(status, 0, stderr);
    return stdout;
}

test('the bill of materials is a document of SPDX 2.3', { skip }, () => {
    const bill = JSON.parse(output(script, folder));
    assert.equal(bill.spdxVersion, 'SPDX-2.3');
    assert.equal(bill.dataLicense, 'CC0-1.0');
    assert.equal(bill.SPDXID, 'SPDXRef-DOCUMENT');
    assert.match(bill.documentNamespace, /^https:\/\/\S+$/);
    assert.match(bill.creationInfo.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    assert.ok(bill.creationInfo.creators.every((creator) => /^(Tool|Person|Organization): /.test(creator)));
    const ids = new Set(bill.packages.map(({ SPDXID }) => SPDXID));
    assert.equal(ids.size, bill.packages.length);
    for (const { SPDXID, name, versionInfo, downloadLocation, filesAnalyzed, licenseDeclared, externalRefs } of bill.packages) {
        assert.match(SPDXID, /^SPDXRef-[A-Za-z0-9.-]+$/);
        assert.ok(name && versionInfo && licenseDeclared, SPDXID);
        assert.equal(downloadLocation, 'NOASSERTION');
        assert.equal(filesAnalyzed, false);
        if (SPDXID !== 'SPDXRef-Globes') assert.match(externalRefs[0].referenceLocator, /^pkg:deb\/debian\/\S+@\S+\?arch=\w+$/);
    }
    for (const { spdxElementId, relationshipType, relatedSpdxElement } of bill.relationships) {
        assert.ok(spdxElementId === bill.SPDXID || ids.has(spdxElementId));
        assert.ok(ids.has(relatedSpdxElement), relatedSpdxElement);
        assert.match(relationshipType, /^(DESCRIBES|DYNAMIC_LINK|STATIC_LINK)$/);
    }
});

test('every loaded library is in it, and so are static libraries and headers', { skip }, () => {
    const { packages, relationships } = JSON.parse(output(script, folder));
    const linked = (type) => relationships.filter(({ relationshipType }) => relationshipType === type);
    const dynamic = linked('DYNAMIC_LINK').map(({ comment }) => comment).join(' ');
    const loaded = [...output('ldd', releaseBinary).matchAll(/=> (\/\S+)/g)].map(([, path]) => path);
    assert.ok(loaded.length > 5);
    for (const path of loaded) assert.ok(dynamic.includes(path.split('/').at(-1)), `${path} (${realpathSync(path)})`);
    const compiled = linked('STATIC_LINK').map(({ relatedSpdxElement }) => relatedSpdxElement);
    const names = packages.filter(({ SPDXID }) => compiled.includes(SPDXID)).map(({ name }) => name);
    for (const name of [/^libboost[\d.]+-dev$/, /^libcli11-dev$/, /^libspdlog-dev$/, /^libfmt-dev$/])
        assert.ok(names.some((found) => name.test(found)), `${name} in ${names}`);
    const version = output('dpkg-query', '-W', '-f', '${Version}', 'libcli11-dev');
    assert.equal(packages.find(({ name }) => name === 'libcli11-dev').versionInfo, version);
});
