import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { isKeySet } from '../../../lib/core/key-set/key-set-document.js';
import type { KeySet } from '../../../lib/core/key-set/key-set.js';
import { readStored } from '../../../lib/core/key-set/plain-keys.js';
import { readKeySet, revokedIn } from '../../../lib/core/key-set/read-key-set.js';
import { runLater, runNow } from '../../../lib/core/key/steps.js';
import { errorOf, everythingPrintedOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { epoch, jwkOf, privateKeyNamed, setOf } from '../../support/key-sets.js';
import type { KeyOfTest } from '../../support/key-sets.js';

const read = (value: unknown): KeySet => runNow(readKeySet(value, 'OIDC_PRIVATE_KEY'));
const a: KeyOfTest = { kid: 'a', iat: 0, nbf: 0 };
const b: KeyOfTest = { kid: 'b', iat: 500, nbf: 600 };
const [jwkA, jwkB] = [jwkOf(a), jwkOf(b)];
const both = { keys: [jwkA, jwkB] };
const publicA = jwkOf({ ...a, isPublic: true });
const weak = makeKeyPair('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' });
const { d: otherD } = privateKeyNamed('c').export({ format: 'jwk' });

describe('what is a key set', () => {
  it.each(['iat', 'nbf', 'exp', 'revoked', 'signer'])('a JWK Set of which a key has "%s"', (member) => {
    const plain = { ...jwkOf({ kid: 'a' }) };
    expect(isKeySet({ keys: [plain] })).toBe(false);
    expect(isKeySet({ keys: [plain, { ...plain, [member]: 1 }] })).toBe(true);
  });

  it.each([undefined, null, 'text', [], {}, { keys: {} }, { keys: [null] }, jwkA])('and not %j', (value) => {
    expect(isKeySet(value)).toBe(false);
  });
});

describe('reading', () => {
  it.each<[string, unknown]>([
    ['an object', both],
    ['text', JSON.stringify(both)],
    [
      'text with line ends, quotes and a byte order mark',
      `\uFEFF '${JSON.stringify(both, undefined, 2)}'\r\n`,
    ],
    ['JSON in a JSON string', JSON.stringify(JSON.stringify(both))],
    ['bytes', Buffer.from(JSON.stringify(both))],
  ])('%s', (_, value) => {
    expect(read(value).keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
  });

  it('keeps what it does not know, of the document and of a key', () => {
    const set = read({
      ...both,
      base: 7,
      issuer: 'x',
      keys: [{ ...jwkA, x5t: 'thumb', note: { a: 1 } }, jwkB],
    });
    const written = read(set.changed((key) => key.with({ exp: epoch + 9000 })).toText()).toDocument();
    expect(written).toMatchObject({ base: 7, issuer: 'x', keys: [{ x5t: 'thumb', note: { a: 1 } }, {}] });
  });

  it('writes one text for one key set, whatever the order was, and names key and algorithm in it', () => {
    const noted = { ...jwkB, note: 1, about: 2 };
    const shuffled = { keys: [Object.fromEntries(Object.entries(noted).toReversed()), jwkA] };
    expect(read(shuffled).toText()).toBe(read({ keys: [jwkA, noted] }).toText());
    const { kid: _kid, alg: _alg, ...bare } = jwkA as unknown as Record<string, unknown>;
    const { keys } = JSON.parse(read({ keys: [bare] }).toText()) as { keys: { kid: string; alg: string }[] };
    expect(keys[0]).toMatchObject({ alg: 'ES256', kid: expect.stringMatching(/^[\w-]{43}$/) });
    expect(read(both).toText()).not.toContain('\n');
  });

  it('does the same later as now', async () => {
    expect((await runLater(readKeySet(both, 'x'))).toText()).toBe(read(both).toText());
  });

  it('opens a revoked key that would be refused otherwise, since it may be revoked for that', () => {
    const revoked = { revoked: { revoked_at: epoch } };
    const { n, e } = weak;
    expect(read({ keys: [jwkA, { kty: 'RSA', n, e, ...revoked }] }).keys).toHaveLength(2);
    expect(read({ keys: [jwkA, { ...jwkOf({ kid: 'x' }), d: otherD, ...revoked }] }).keys).toHaveLength(2);
    expect(errorOf(() => read({ keys: [jwkA, { kty: 'RSA', n, e, iat: epoch }] })).code).toBe(
      'OIDC_KEY_TOO_WEAK',
    );
  });

  it('shows no private half, however it is printed', () => {
    const set = read(both);
    const secret = (jwkA as unknown as { d: string }).d;
    expect(everythingPrintedOf(set)).not.toContain(secret);
    expect(everythingPrintedOf(set.keys[0])).not.toContain(secret);
    expect(everythingPrintedOf(structuredCloneOf(set))).not.toContain(secret);
    expect(set.toText()).toContain(secret);
  });
});

function structuredCloneOf(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return undefined;
  }
}

describe('a document that was edited by hand', () => {
  const withA = (members: object) => ({ keys: [{ ...jwkA, ...members }] });

  it.each<[string, unknown, string, RegExp]>([
    ['no JSON', '{"keys":[', 'OIDC_KEY_MALFORMED', /no key set.*copy it again/],
    ['no keys', { keys: [] }, 'OIDC_KEY_MISSING', /without keys.*init/],
    ['no JWK', { keys: [jwkA, 7] }, 'OIDC_KEY_MALFORMED', /key 2 of 2.*Remove it/],
    ['nbf before iat', withA({ nbf: epoch - 1 }), 'OIDC_KEY_MALFORMED', /"nbf" has to be/],
    ['exp before nbf', withA({ exp: epoch - 1 }), 'OIDC_KEY_MALFORMED', /Correct "exp", or remove it/],
    ['milliseconds', withA({ iat: epoch * 1000 }), 'OIDC_KEY_MALFORMED', /milliseconds in "iat".*seconds/],
    ['an instant as text', withA({ exp: '2030-01-01' }), 'OIDC_KEY_MALFORMED', /"exp".*as a number/],
    ['half a second', withA({ nbf: epoch + 0.5 }), 'OIDC_KEY_MALFORMED', /"nbf".*whole seconds/],
    ['a negative instant', withA({ iat: -1 }), 'OIDC_KEY_MALFORMED', /"iat"/],
    ['revoked without an instant', withA({ revoked: {} }), 'OIDC_KEY_MALFORMED', /"revoked_at"/],
    [
      'revoked: true',
      withA({ revoked: true }),
      'OIDC_KEY_MALFORMED',
      /has to be \{ "revoked_at": SECONDS \}/,
    ],
    [
      'a reason that is no text',
      withA({ revoked: { revoked_at: 1, reason: 1 } }),
      'OIDC_KEY_MALFORMED',
      /reason/,
    ],
    ['a signer that is no text', withA({ signer: 5, d: undefined }), 'OIDC_KEY_MALFORMED', /"signer"/],
    ['a signer and a private half', withA({ signer: 'kms:a' }), 'OIDC_KEY_CONFLICT', /Remove one/],
    ['a base that is no version', { ...both, base: {} }, 'OIDC_KEY_MALFORMED', /"base"/],
    ['nfb', withA({ nfb: 1 }), 'OIDC_KEY_MALFORMED', /Spell it "nbf"/],
    ['Exp', withA({ Exp: 1 }), 'OIDC_KEY_MALFORMED', /Spell it "exp"/],
    ['revokd', withA({ revokd: {} }), 'OIDC_KEY_MALFORMED', /Spell it "revoked"/],
    ['not_before', withA({ not_before: 1 }), 'OIDC_KEY_MALFORMED', /Spell it "nbf"/],
    ['revoked_at beside revoked', withA({ revoked_at: 1 }), 'OIDC_KEY_MALFORMED', /Spell it "revoked"/],
    ['a base misspelt', { ...both, bese: 1 }, 'OIDC_KEY_MALFORMED', /Spell it "base"/],
    [
      'one instant for two keys',
      { keys: [jwkA, { ...jwkB, iat: epoch, nbf: epoch }] },
      'OIDC_KEY_AMBIGUOUS_NEXT',
      /key 1 of 2.*key 2 of 2.*"nbf" of its own/,
    ],
    [
      'two keys without instants',
      { keys: [jwkOf({ kid: 'a' }), jwkOf({ kid: 'b' }), jwkOf({ kid: 'c', iat: 1 })] },
      'OIDC_KEY_AMBIGUOUS_NEXT',
      /say nothing of when they sign/,
    ],
    [
      'a public key as the newest',
      { keys: [jwkA, jwkOf({ ...b, isPublic: true })] },
      'OIDC_KEY_NOT_PRIVATE',
      /key 2 of 2.*private half or its "signer"/,
    ],
    [
      'with an exp too, where another could sign',
      { keys: [jwkA, jwkOf({ ...b, exp: 900, isPublic: true })] },
      'OIDC_KEY_NOT_PRIVATE',
      /newest/,
    ],
    ['nothing but a public key', { keys: [publicA] }, 'OIDC_KEY_NOT_PRIVATE', /"exp" that it had/],
    ['the private half of another key', withA({ d: otherD }), 'OIDC_KEY_MISMATCH', /halves/],
    ['a kid twice', { keys: [jwkA, { ...jwkB, kid: 'a' }] }, 'OIDC_KEY_DUPLICATE_KID', /another kid/],
    [
      'a key twice',
      { keys: [jwkA, { ...jwkA, kid: 'x', nbf: epoch + 1 }] },
      'OIDC_KEY_DUPLICATE_KID',
      /one and the same/,
    ],
    [
      'a key twice, once revoked',
      { keys: [jwkA, jwkB, { ...publicA, kid: 'x', revoked: { revoked_at: epoch } }] },
      'OIDC_KEY_DUPLICATE_KID',
      /if one is revoked, the other/,
    ],
    [
      'a shared secret',
      { keys: [jwkA, { kty: 'oct', k: 'c2VjcmV0', iat: 1 }] },
      'OIDC_KEY_NOT_PRIVATE',
      /secret/,
    ],
    ['another use', withA({ use: 'enc' }), 'OIDC_KEY_UNSUPPORTED', /use/],
    [
      'a revoked key that is damaged',
      { keys: [jwkA, { ...publicA, x: '', revoked: { revoked_at: 1 } }] },
      'OIDC_KEY_MALFORMED',
      /as it was/,
    ],
  ])('%s', (_, value, code, message) => {
    const error = errorOf(() => read(value));
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(error.message).toMatch(/^OIDC_PRIVATE_KEY/);
    expect(everythingPrintedOf(error)).not.toContain(otherD);
    expect(everythingPrintedOf(error)).not.toContain((jwkA as unknown as { d: string }).d);
  });

  it.each(['ext', 'x5t', 'oth_r', 'note', 'nbfx509', 'issuer'])('but "%s" is another word', (name) => {
    expect(read(withA({ [name]: 'something' })).keys).toHaveLength(1);
  });

  it('a retired key may be the newest of its algorithm', () => {
    const set = setOf(a, { kid: 'e', alg: 'EdDSA', iat: 0, exp: 500, isPublic: true });
    expect(set.keys.map(({ canSign }) => canSign)).toEqual([true, false]);
  });
});

describe('revocations, whatever else is wrong', () => {
  const thumbprint = setOf(a).keys[0]!.thumbprint;

  it.each<[string, unknown, string[]]>([
    ['a sound one', { keys: [{ ...jwkA, revoked: { revoked_at: epoch } }, jwkB] }, [thumbprint]],
    ['one without an instant', JSON.stringify({ keys: [{ ...jwkA, revoked: true }] }), [thumbprint]],
    [
      'beside garbage',
      { keys: [null, { kty: 'x' }, { ...publicA, revoked: {}, nbf: 'x' }], base: {} },
      [thumbprint],
    ],
    ['of a damaged key its kid', { keys: [{ kty: 'EC', kid: 'a', revoked: {} }] }, ['a']],
    ['none', both, []],
    ['no document', 'nothing', []],
  ])('%s', (_, value, names) => {
    expect(revokedIn(value)).toEqual(names);
  });
});

describe('what a command finds in a store', () => {
  const stored = (value: string) => runNow(readStored({ name: 'The store', value }));
  const pem = privateKeyNamed('a').export({ format: 'pem', type: 'pkcs8' }).toString();

  it('a key set', () => {
    expect(stored(JSON.stringify(both)).keys).toHaveLength(2);
  });

  it.each([
    ['a PEM', pem],
    ['a JWK', JSON.stringify(privateKeyNamed('a').export({ format: 'jwk' }))],
    ['a PEM in base64', Buffer.from(pem).toString('base64')],
  ])('%s, which has always been there', (_, value) => {
    const [key] = stored(value).keys;
    expect([key?.thumbprint, key?.iat, key?.nbf, key?.canSign]).toEqual([
      setOf(a).keys[0]!.thumbprint,
      undefined,
      undefined,
      true,
    ]);
  });

  it.each([
    [
      'a public key',
      createPublicKey(pem).export({ format: 'pem', type: 'spki' }).toString(),
      'OIDC_KEY_NOT_PRIVATE',
    ],
    ['nothing', '', 'OIDC_KEY_MISSING'],
    [
      'two keys of one algorithm',
      `${pem}${privateKeyNamed('b').export({ format: 'pem', type: 'pkcs8' }).toString()}`,
      'OIDC_KEY_AMBIGUOUS_NEXT',
    ],
    [
      'a key that no algorithm has',
      makeKeyPair('x25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString(),
      'OIDC_KEY_UNSUPPORTED',
    ],
  ])('and refuses %s', (_, value, code) => {
    expect(errorOf(() => stored(value)).code).toBe(code);
  });
});
