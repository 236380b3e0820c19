import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';

import { errorOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';

const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

/** Runs a command line as documentation shows it. */
function openssl(command: string): string {
  const { status, stdout, stderr } = spawnSync('openssl', command.split(' '), { cwd: folder });
  if (status !== 0) throw new Error(`openssl ${command}: ${stderr.toString()}`);
  return stdout.toString();
}

const content = (name: string) => readFileSync(join(folder, name), 'utf8');

async function expectToSign(key: string, passphrase?: string): Promise<void> {
  const jwt = new JwtService({ key: { key, passphrase } });
  await expect(jwt.verify(await jwt.sign({ sub: 'alice' }))).resolves.toMatchObject({ sub: 'alice' });
}

it('a key made with generateKeyPairSync, as the documentation has it', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await expectToSign(pem);
  expect(new JwtService({ key: privateKey }).getKeySet()).toEqual(new JwtService({ key: pem }).getKeySet());
});

// Skipped, and counted so, where there is no openssl program.
(hasOpenssl ? describe : describe.skip)('keys made with the openssl program', () => {
  it('as the documentation has it, and its derived public half is the one that is published', async () => {
    openssl('genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out oidc_private.pem');
    openssl('rsa -in oidc_private.pem -pubout -out oidc_public.pem');
    await expectToSign(content('oidc_private.pem'));
    const fromPublic = new JwtService({ key: content('oidc_private.pem') }).getKeySet().keys[0]!.kid;
    const rotated = new JwtService({
      key: makeKeyPair('rsa', { modulusLength: 2048 }).privateKey,
      previousKeys: content('oidc_public.pem'),
    });
    expect(rotated.getKeySet().keys[1]!.kid).toBe(fromPublic);
  });

  it.each([
    ['PKCS#1', 'rsa -in plain.pem -traditional -out out.pem', undefined],
    [
      'PBES2 with PBKDF2',
      'pkcs8 -topk8 -v2 aes-256-cbc -in plain.pem -passout pass:secret -out out.pem',
      'secret',
    ],
    ['PBES2 with scrypt', 'pkcs8 -topk8 -scrypt -in plain.pem -passout pass:secret -out out.pem', 'secret'],
    [
      'PBES1 with 3DES',
      'pkcs8 -topk8 -v1 PBE-SHA1-3DES -in plain.pem -passout pass:secret -out out.pem',
      'secret',
    ],
    [
      'traditional, AES',
      'rsa -in plain.pem -traditional -aes128 -passout pass:secret -out out.pem',
      'secret',
    ],
  ])('%s', async (_, command, passphrase) => {
    openssl('genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out plain.pem');
    openssl(command);
    await expectToSign(content('out.pem'), passphrase);
    await expectToSign(content('out.pem').replaceAll('\n', ''), passphrase);
  });

  it('an EC key with its parameters before it, and an Ed25519 key', async () => {
    openssl('ecparam -name prime256v1 -genkey -out ec.pem');
    expect(content('ec.pem')).toMatch(/BEGIN EC PARAMETERS/);
    await expectToSign(content('ec.pem'));
    openssl('genpkey -algorithm ed25519 -out ed25519.pem');
    await expectToSign(content('ed25519.pem'));
  });

  it('refuses a certificate beside the key, by name', () => {
    openssl('req -x509 -newkey rsa:2048 -nodes -subj /CN=issuer -keyout tls.key -out tls.crt -days 1');
    const error = errorOf(() => new JwtService({ key: content('tls.key') + content('tls.crt') }));
    expect(error).toMatchObject({
      code: 'OIDC_KEY_NOT_PRIVATE',
      message: expect.stringMatching(/key 2 of 2.*is a certificate/),
    });
    expect(errorOf(() => new JwtService({ key: content('tls.crt') })).code).toBe('OIDC_KEY_NOT_PRIVATE');
  });

  it.each([
    ['an EC key on another curve', 'ecparam -name secp256k1 -genkey -out weak.pem', 'OIDC_KEY_UNSUPPORTED'],
    [
      'an RSA-PSS key',
      'genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out weak.pem',
      'OIDC_KEY_UNSUPPORTED',
    ],
    ['1024 bits', 'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.pem', 'OIDC_KEY_TOO_WEAK'],
    [
      'exponent 3',
      'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3 -out weak.pem',
      'OIDC_KEY_TOO_WEAK',
    ],
    [
      'three primes',
      'genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_primes:3 -out weak.pem',
      'OIDC_KEY_UNSUPPORTED',
    ],
  ])('refuses %s', (_, command, code) => {
    openssl(command);
    expect(errorOf(() => new JwtService({ key: content('weak.pem') })).code).toBe(code);
  });

  it('refuses a PKCS#12 file', () => {
    openssl('req -x509 -newkey rsa:2048 -nodes -subj /CN=issuer -keyout p12.key -out p12.crt -days 1');
    openssl('pkcs12 -export -inkey p12.key -in p12.crt -passout pass:secret -out key.p12');
    const error = errorOf(() => new JwtService({ key: readFileSync(join(folder, 'key.p12')) }));
    expect(error).toMatchObject({ code: 'OIDC_KEY_UNSUPPORTED', message: expect.stringMatching(/PKCS#12/) });
  });
});
