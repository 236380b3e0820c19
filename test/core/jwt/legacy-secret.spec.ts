import { createHash, createPublicKey, randomBytes, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeySlots } from 'nestjs-oidc-key';

import { legacySecretsOf } from '../../../lib/core/jwt/legacy/legacy-secret.js';
import { errorOf, everythingPrintedOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { derOf, makeRsaKey, pemOf } from '../../support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from '../../support/platforms.js';
import { forgeHmac, publicPemOf } from '../../support/tokens.js';

const key = makeRsaKey();
const until = new Date(Date.now() + 3_600_000);
const serviceWith = (secret: string | Buffer) => new JwtService({ key, legacyHs256: { secret, until } });

const other = makeRsaKey();
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
const ed = makeKeyPair('ed25519').privateKey;
const spki = (of: KeyObject) => createPublicKey(of).export({ format: 'der', type: 'spki' });
const publicJwk = (of: KeyObject) => createPublicKey(of).export({ format: 'jwk' });
const modulus = String(publicJwk(key).n);
const n = Buffer.from(modulus, 'base64url');
const hexadecimal = n.toString('hex');
const colons = (bytes: Buffer) => bytes.toString('hex').match(/../g)!.join(':');
const { kid } = new JwtService({ key }).getKeySet().keys[0]!;
const jwkText = JSON.stringify(publicJwk(other));
const body = publicPemOf(key).replaceAll(/-----.*-----|\s/g, '');
const length = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
const sshBlob = Buffer.concat([length(Buffer.from('ssh-ed25519')), length(randomBytes(32))]).toString(
  'base64',
);

describe('a public key is no secret, since everybody may have it', () => {
  it.each<[string, string | Buffer]>([
    ['a public PEM', publicPemOf(other)],
    ['a public PEM without its last line end', publicPemOf(other).trim()],
    ['a public PEM with escaped line ends', publicPemOf(other).replaceAll('\n', '\\n')],
    ['a public PEM in quotes', `"${publicPemOf(other)}"`],
    ['a public PEM that is cut off', publicPemOf(other).slice(0, 120)],
    ['a public PEM in base64', Buffer.from(publicPemOf(other)).toString('base64')],
    ['a public PEM in base64, cut off', Buffer.from(publicPemOf(other)).toString('base64').slice(0, 99)],
    [
      'a public PEM in base64 of base64',
      Buffer.from(Buffer.from(publicPemOf(ec)).toString('base64')).toString('base64'),
    ],
    ['a public PEM in hexadecimal', Buffer.from(publicPemOf(ec)).toString('hex')],
    ['a public key in PKCS#1', createPublicKey(other).export({ format: 'pem', type: 'pkcs1' }).toString()],
    ['a public DER', spki(other)],
    ['a public DER in base64', spki(ed).toString('base64')],
    ['a public DER in base64url', spki(ec).toString('base64url')],
    ['a public JWK', JSON.stringify(publicJwk(ec))],
    ['a JWKS', JSON.stringify({ keys: [publicJwk(other)] })],
    ['a JWK that is cut off', JSON.stringify(publicJwk(other)).slice(0, 60)],
    ['an OpenSSH public key', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJq0 alice@example'],
    ['the first line of a private PEM', '-----BEGIN PRIVATE KEY-----'],
    ['the first line of an encrypted PEM', '-----BEGIN ENCRYPTED PRIVATE KEY-----'],
    ['a private PEM that is cut off', pemOf(other).slice(0, 200)],
    ['a private PEM beside its public half', pemOf(other) + publicPemOf(other)],
    ['a private DER that is cut off', derOf(other).subarray(0, 300)],
    ['the modulus of the key', n],
    ['the modulus of the key in base64url', modulus],
    ['the modulus of the key in base64', n.toString('base64')],
    ['the modulus of the key in hexadecimal', n.toString('hex')],
    ['the modulus of the key in capitals', n.toString('hex').toUpperCase()],
    ['the modulus of the key as a number', BigInt(`0x${n.toString('hex')}`).toString()],
    ['the kid of the key', new JwtService({ key }).getKeySet().keys[0]!.kid],
    ['a public PEM in UTF-16', Buffer.from(`\uFEFF${publicPemOf(other)}`, 'utf16le')],
    ['a public PEM in UTF-16 and base64', Buffer.from(publicPemOf(other), 'utf16le').toString('base64')],
    ['a public PEM for a URL', encodeURIComponent(publicPemOf(other))],
    ['a public PEM of a form', new URLSearchParams({ key: publicPemOf(other) }).toString().slice(4)],
    ['a public PEM whose spaces are gone', publicPemOf(other).replaceAll(' ', '_')],
    [
      'a public PEM in hexadecimal with spaces',
      Buffer.from(publicPemOf(ec)).toString('hex').replaceAll(/(..)/g, '$1 '),
    ],
    [
      'a public PEM as a data URL',
      `data:application/x-pem-file;base64,${Buffer.from(publicPemOf(ec)).toString('base64')}`,
    ],
    ['the last lines of a public PEM', publicPemOf(other).split('\n').slice(-3).join('\n')],
    ['a public DER with colons', colons(spki(ec))],
    ['a public PEM in small letters', publicPemOf(other).toLowerCase()],
    ['a public DER without its first byte', spki(other).subarray(1)],
    ['a public DER read as a text', spki(other).toString()],
    ['a public DER read as Latin 1', spki(ec).toString('latin1')],
    ['a JWK in single quotes', jwkText.replaceAll('"', "'")],
    ['a JWK whose quotes a shell ate', jwkText.replaceAll('"', '')],
    ['a JWK whose quotes are escaped', jwkText.replaceAll('"', '\\"')],
    ['a JWK as YAML', `kty: RSA\nn: ${publicJwk(other).n}\ne: AQAB\n`],
    ['a JWK for a URL', encodeURIComponent(jwkText)],
    ['a certificate in x5c', JSON.stringify({ x5c: [spki(other).toString('base64')] })],
    ['XML', `<RSAKeyValue><Modulus>${n.toString('base64')}</Modulus></RSAKeyValue>`],
    ['what openssl prints of a key', `Public-Key: (256 bit)\npub:\n    04:${colons(randomBytes(16))}`],
    ['a line of authorized_keys', `restrict ssh-ed25519 ${sshBlob} alice`],
    ['a line of known_hosts', `example.com ssh-ed25519 ${sshBlob}`],
    ['the bytes of an OpenSSH public key', Buffer.from(sshBlob, 'base64')],
    ['a PuTTY key', 'PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none'],
    ['the modulus as openssl prints it', `Modulus=${hexadecimal.toUpperCase()}\n`],
    ['the modulus with colons', `00:${colons(n)}`],
    ['the modulus with 0x', `0x${hexadecimal}`],
    ['the modulus behind a zero', Buffer.concat([Buffer.alloc(1), n])],
    ['the modulus wrapped', n.toString('base64').replaceAll(/(.{64})/g, '$1\n')],
    ['the modulus in spaces', ` ${modulus}\n`],
    ['the modulus in base64 of base64url', Buffer.from(modulus).toString('base64')],
    ['the modulus read as a text', n.toString()],
    ['the modulus read as Latin 1', n.toString('latin1')],
    ['half of the modulus', modulus.slice(0, 172)],
    ['lines from the middle of the public PEM', publicPemOf(key).split('\n').slice(2, 4).join('\n')],
    ['the end of the public PEM', body.slice(-40)],
    ['the key read as a text', spki(key).toString()],
    ['the thumbprint with colons', colons(Buffer.from(kid, 'base64url'))],
    ['the thumbprint as a URN', `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${kid}`],
    ['the pin of the key', createHash('sha256').update(spki(key)).digest('base64')],
    ['an exponent', 'AQAB'],
  ])('%s', (_, given) => {
    const error = errorOf(() => serviceWith(given));
    expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_INVALID_OPTION']);
    expect(error.message).toMatch(
      /legacyHs256\.secret" could be taken for a public key.*users sign in again/,
    );
    const printed = everythingPrintedOf(error);
    if (given.length > 40) expect(printed).not.toContain(given.toString().slice(-30));
  });

  it.each(['nextKeys', 'previousKeys'])('a public member of one of the %s', (option) => {
    const make = () =>
      new JwtService({ key, [option]: ed, legacyHs256: { secret: publicJwk(ed).x!, until } });
    expect(errorOf(make).code).toBe('OIDC_KEY_INVALID_OPTION');
  });
});

describe('public DER that a server has read as a text', () => {
  const curves = ['P-256', 'P-384', 'P-521'].map(
    (namedCurve) => [namedCurve, () => makeKeyPair('ec', { namedCurve }).publicKey] as const,
  );
  const kinds = [...curves, ['RSA', () => createPublicKey(makeRsaKey())] as const];

  it.each(
    kinds.flatMap(([kind, make]) =>
      (['utf8', 'latin1'] as const).map((encoding) => [kind, encoding, make] as const),
    ),
  )('%s as %s', (_, encoding, make) => {
    for (let count = 0; count < 5; count++) {
      const read = make().export({ format: 'der', type: 'spki' }).toString(encoding);
      expect(errorOf(() => serviceWith(read)).code).toBe('OIDC_KEY_INVALID_OPTION');
    }
  });
});

it.each(['utf8', 'latin1'] as const)('PKCS#1, which names no kind of key, read as %s', (encoding) => {
  const read = createPublicKey(other).export({ format: 'der', type: 'pkcs1' }).toString(encoding);
  expect(errorOf(() => serviceWith(read)).code).toBe('OIDC_KEY_INVALID_OPTION');
});

describe.each(platforms)('a key that comes later, on %s', (_, adapter) => {
  afterEach(closeAll);

  it('ends what its public half would open, and the log says so', async () => {
    let slots: KeySlots = { current: pemOf(key) };
    const secret = String(publicJwk(other).n);
    const logger = new RecordingLogger();
    const source = { load: async () => slots };
    const options = { useFactory: () => ({ source, legacyHs256: { secret, until } }) };
    const { app } = await boot(
      adapter(),
      { imports: [OidcKeyModule.forRootAsync(options)] },
      undefined,
      logger,
    );
    const token = forgeHmac(
      secret,
      { alg: 'HS256', typ: 'JWT' },
      { refresh_token_id: 'r', access_token_id: 'a' },
    );
    await expect(app.get(JwtService).verify(token)).resolves.toBeDefined();
    slots = { current: pemOf(key), next: pemOf(other) };
    expect(await app.get(KeyRotation).reload()).toBe(true);
    await expect(app.get(JwtService).verify(token)).rejects.toMatchObject({
      code: 'OIDC_TOKEN_INVALID_ALGORITHM',
    });
    const said = logger.lines.map(([line]) => String(line)).filter((line) => line.includes('public key'));
    expect(said).toEqual([expect.stringMatching(/legacyHs256\.secret" could be taken for a public key/)]);
    expect(app.get(KeyRotation).status().warnings.join()).toContain('is accepted any more');
  });
});

describe('an honest secret is none of them', () => {
  const digits = (count: number) => [...randomBytes(count)].map((byte) => byte % 10).join('');
  const encryption = { cipher: 'aes-256-cbc', passphrase: 'p' };
  const words = ['correct', 'horse', 'ssh-key', 'begin', 'public', 'key', 'kty', 'certificate', '0', 'n:'];

  it.each<[string, () => string | Buffer, number?]>([
    ['hexadecimal of 32 bytes', () => randomBytes(32).toString('hex')],
    ['hexadecimal of 64 bytes, in capitals', () => randomBytes(64).toString('hex').toUpperCase()],
    ['base64 of 48 bytes', () => randomBytes(48).toString('base64')],
    ['base64url of 64 bytes', () => randomBytes(64).toString('base64url')],
    ['two UUIDs', () => randomUUID() + randomUUID()],
    ['100 digits', () => digits(100)],
    ['a passphrase', () => [...randomBytes(7)].map((byte) => words[byte % words.length]).join(' ')],
    ['64 bytes', () => randomBytes(64)],
    ['a private PEM with escaped line ends', () => pemOf(other).replaceAll('\n', '\\n'), 1],
    [
      'an encrypted PEM with escaped line ends',
      () =>
        ec
          .export({ format: 'pem', type: 'pkcs8', ...encryption })
          .toString()
          .replaceAll('\n', '\\n'),
      1,
    ],
    [
      'an encrypted PKCS#1',
      () => other.export({ format: 'pem', type: 'pkcs1', ...encryption }).toString(),
      1,
    ],
  ])('%s', (_, make, count = 2_000) => {
    for (let index = 0; index < count; index++) {
      const secret = make();
      expect([secret, legacySecretsOf(secret, 'The secret').length > 0]).toEqual([secret, true]);
    }
  });

  // Found among a hundred thousand: a digit is the tag with which DER begins.
  it.each(['0c080143727b75eda017acf542f093a741750d53206f618d67ef6a6e9f9f03e0'])('%s', (secret) => {
    expect(legacySecretsOf(secret, 'The secret')).toHaveLength(1);
  });
});
