import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';

const name = 'OIDC_PRIVATE_KEY';
const refusalOf = (value: string) => {
  const { code, message } = errorOf(() => loadKeyMaterial({ name, value }));
  return { code, message };
};

const sshString = (content: string | Buffer) => {
  const bytes = Buffer.from(content);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
};

/** The header of PROTOCOL.key in the source of OpenSSH, and nothing behind it. */
function headerOf(kind: string, cipher = 'none'): string {
  const count = Buffer.from([0, 0, 0, 1]);
  const bytes = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...[cipher, cipher === 'none' ? 'none' : 'bcrypt', Buffer.alloc(cipher === 'none' ? 0 : 24)].map(
      sshString,
    ),
    count,
    sshString(sshString(kind)),
  ]);
  return blockOf(bytes);
}

const blockOf = (bytes: Buffer) =>
  `-----BEGIN OPENSSH PRIVATE KEY-----\n${bytes.toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;

const convert = /ssh-keygen -p -m PKCS8/;
const generate = /npx nestjs-oidc-key generate --algorithm EdDSA/;

describe('an OpenSSH key is refused with what to do for its kind', () => {
  it.each([
    ['ssh-rsa', convert],
    ['ecdsa-sha2-nistp256', convert],
    ['ecdsa-sha2-nistp521', convert],
    ['ssh-ed25519', generate],
    ['sk-ssh-ed25519@openssh.com', /FIDO.*cannot sign/],
    ['sk-ecdsa-sha2-nistp256@openssh.com', /FIDO.*cannot sign/],
    ['ssh-dss', /DSA, for which JWS has no algorithm/],
    ['another', convert],
  ])('%s', (kind, message) => {
    const refusal = { code: 'OIDC_KEY_UNSUPPORTED', message: expect.stringMatching(message) };
    expect(refusalOf(headerOf(kind))).toEqual(refusal);
    expect(refusalOf(headerOf(kind, 'aes256-ctr'))).toEqual(refusal);
  });

  it.each([
    ['nothing', Buffer.alloc(1)],
    ['the magic alone', Buffer.from('openssh-key-v1\0')],
    ['a length of 4 GiB', Buffer.concat([Buffer.from('openssh-key-v1\0'), Buffer.alloc(4, 0xff)])],
  ])('also where of it there is %s', (_, bytes) => {
    expect(refusalOf(blockOf(bytes)).code).toBe('OIDC_KEY_UNSUPPORTED');
  });
});

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const sshKeygen = (...args: string[]) => spawnSync('ssh-keygen', args, { cwd: folder });
const hasSshKeygen = sshKeygen('-?').error === undefined;
const content = (file: string) => readFileSync(join(folder, file), 'utf8');

/** Without a terminal the remedy's command cannot ask for the passphrases, which are given here. */
function converted(kind: string, passphrase: string): string {
  const file = `${kind}-${passphrase}`;
  expect(sshKeygen('-q', '-t', kind, '-f', file, '-N', passphrase).status).toBe(0);
  copyFileSync(join(folder, file), join(folder, `${file}.copy`));
  expect(content(file)).toContain('BEGIN OPENSSH PRIVATE KEY');
  expect(
    sshKeygen('-p', '-m', 'PKCS8', '-P', passphrase, '-N', passphrase, '-f', `${file}.copy`).status,
  ).toBe(0);
  return content(`${file}.copy`);
}

// Skipped, and counted so, where there is no ssh-keygen program.
(hasSshKeygen ? describe : describe.skip)('the remedies, tried with the ssh-keygen program', () => {
  it.each([
    ['rsa', ''],
    ['rsa', 'secret'],
    ['ecdsa', ''],
    ['ecdsa', 'secret'],
  ])('%s with the passphrase %j is converted', (kind, passphrase) => {
    const value = converted(kind, passphrase);
    expect(
      loadKeyMaterial({ name, value, passphrase }).map(({ keyObject }) => keyObject.asymmetricKeyType),
    ).toEqual([kind === 'rsa' ? 'rsa' : 'ec']);
    expect(refusalOf(content(`${kind}-${passphrase}`)).message).toMatch(convert);
  });

  it('ed25519 is not, though the command succeeds, and the message says so', () => {
    expect(converted('ed25519', '')).toContain('BEGIN OPENSSH PRIVATE KEY');
    expect(refusalOf(content('ed25519-')).message).toMatch(/changes nothing/);
  });
});
