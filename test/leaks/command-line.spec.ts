import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { derOf, jwkOf, pemOf } from '../support/keys.js';
import { cleanEnvironment, commandLine, run } from '../support/processes.js';
import { encryptedPem, keys, passphrase, searchFor, settings } from './seeded-keys.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-leaks-'));
const search = searchFor();
const { ed25519, ec, rsa } = keys;

async function foundInOutputOf(
  args: string[],
  env: Record<string, string> = {},
  input = '',
): Promise<string[]> {
  const { stdout, stderr } = await run(process.execPath, [commandLine, ...args], {
    env: cleanEnvironment(env),
    input,
  });
  expect(stdout + stderr).not.toBe('');
  return search.in(stdout + stderr);
}

const base64 = (key: typeof rsa) => derOf(key).toString('base64');

describe('a secret as an argument is not repeated', () => {
  it.each([
    ['PEM', pemOf(ed25519)],
    ['PEM on one line', pemOf(ec).replaceAll('\n', '\\n')],
    ['PEM in base64', Buffer.from(pemOf(ed25519)).toString('base64')],
    ['base64 of RSA', base64(rsa)],
    ['base64 of EC', base64(ec)],
    ['base64url of Ed25519', derOf(ed25519).toString('base64url')],
    ['JWK', JSON.stringify(jwkOf(ed25519))],
    ['JWK in base64', Buffer.from(JSON.stringify(jwkOf(ed25519))).toString('base64')],
    ['encrypted PEM', encryptedPem],
    ['passphrase', passphrase],
  ])('%s', async (_, secret) => {
    expect(await foundInOutputOf(['inspect', secret])).toEqual([]);
  });

  const places: [string, (secret: string) => string[]][] = [
    ['command', (secret) => [secret]],
    ['file', (secret) => ['inspect', secret]],
    ['two files', (secret) => ['inspect', secret, secret]],
    ['prefix', (secret) => ['inspect', '--prefix', secret]],
    ['option that does not exist', (secret) => ['inspect', `--passphrase=${secret}`]],
    ['value of a flag', (secret) => ['inspect', `--json=${secret}`]],
    ['file in a folder', (secret) => ['generate', '--out', join(folder, 'absent', secret)]],
    ['folder', (secret) => ['generate', `--out=${secret}/absent`]],
    ['size', (secret) => ['generate', '--bits', secret]],
    ['algorithm', (secret) => ['generate', '--algorithm', secret]],
    ['name of an option', (secret) => [`--${secret}`]],
  ];
  it.each(places)('as %s', async (_, place) => {
    // The bare member, since nothing about it looks like a key.
    expect(await foundInOutputOf(place(jwkOf(ed25519).d!))).toEqual([]);
  });
});

describe('inspect shows nothing of', () => {
  it('the keys of the environment', async () => {
    expect(await foundInOutputOf(['inspect', '--json'], settings)).toEqual([]);
  });

  it.each(Object.keys(settings))('a secret in the place of %s', async (name) => {
    for (const secret of [passphrase, pemOf(ed25519).slice(0, -40)]) {
      expect(await foundInOutputOf(['inspect'], { ...settings, [name]: secret })).toEqual([]);
    }
  });

  it('a key on standard input that is cut off', async () => {
    expect(await foundInOutputOf(['inspect', '-'], {}, pemOf(rsa).slice(0, -60))).toEqual([]);
    expect(await foundInOutputOf(['inspect', '-'], {}, JSON.stringify(jwkOf(ec)).slice(0, -5))).toEqual([]);
  });

  it('a file, whose name is told', async () => {
    const file = join(folder, 'damaged.pem');
    writeFileSync(file, pemOf(rsa).slice(0, -60));
    expect(await foundInOutputOf(['inspect', file])).toEqual([]);
  });
});

it('generate writes the key to one place and nothing of it to another', async () => {
  const file = join(folder, 'made.pem');
  const { stdout, stderr } = await run(process.execPath, [commandLine, 'generate', '--algorithm', 'EdDSA']);
  const toFile = await run(process.execPath, [
    commandLine,
    'generate',
    '--algorithm',
    'ES256',
    '--out',
    file,
  ]);
  const made = [stdout, readFileSync(file, 'utf8')].map((pem) => createPrivateKey(pem));
  const searchForMade = searchFor([], made);
  expect(searchForMade.in(stdout)).not.toEqual([]);
  expect(searchForMade.in(stderr + toFile.stdout + toFile.stderr)).toEqual([]);
});
