import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, it } from '@jest/globals';

import { cleanEnvironment, root, run } from './support/processes.js';

interface Answer {
  readonly status?: number;
  readonly body: unknown;
}

const advisory = {
  id: 1,
  url: 'https://advisories.example/1',
  title: 'planted',
  severity: 'high',
  vulnerable_versions: '<99',
  cwe: [],
  cvss: { score: 7, vectorString: null },
};

/** Runs the step of the CI against a registry that answers its question so. */
async function audited({ status = 200, body }: Answer, ...args: string[]) {
  const server = createServer((request, response) => {
    const name = decodeURIComponent((request.url ?? '').slice(1));
    const versions = { '1.0.0': { name, version: '1.0.0' } };
    const packument = { name, versions, 'dist-tags': { latest: '1.0.0' } };
    const isQuestion = request.method === 'POST';
    response.writeHead(isQuestion ? status : 200, { 'content-type': 'application/json' });
    request.resume().on('end', () => response.end(JSON.stringify(isQuestion ? body : packument)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const env = cleanEnvironment({
      npm_config_registry: `http://127.0.0.1:${port}`,
      npm_config_cache: mkdtempSync(join(tmpdir(), 'oidc-key-npm-')),
      npm_config_fetch_retries: '0',
    });
    return await run(process.execPath, [join(root, '.ci/audit'), ...args], { env });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const knows: [string, Answer, number, number, RegExp][] = [
  // What it ends with for a commit, and for a release.
  ['no advisory', { body: {} }, 0, 0, /^audited: no known/],
  [
    'an advisory for what is shipped',
    { body: { jose: [advisory] } },
    1,
    1,
    /high: jose \(planted\)\naudited: 1/,
  ],
  ['an advisory for a tool', { body: { prettier: [advisory] } }, 0, 0, /^audited: no known/],
  ['that it offers no audit', { status: 405, body: {} }, 0, 1, /^NOT AUDITED: this registry offers no audit/],
  ['no such question', { status: 404, body: {} }, 0, 1, /^NOT AUDITED: this registry offers no audit/],
  ['an error', { status: 500, body: {} }, 1, 1, /^The audit failed/],
];

it.each(knows)('where the registry knows %s', async (_, answer, exitCode, __, line) => {
  const { code, stdout } = await audited(answer);
  expect([stdout, code]).toEqual([expect.stringMatching(line), exitCode]);
});

it.each(knows)('a release where the registry knows %s', async (_, answer, __, exitCode, line) => {
  const { code, stdout } = await audited(answer, '--release');
  expect([stdout, code]).toEqual([expect.stringMatching(line), exitCode]);
});
