import { createPublicKey, generatePrimeSync, sign } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { OidcKeyError } from '../../../lib/core/errors.js';
import type { Signer } from '../../../lib/core/key/signer.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import type { KeySlots } from '../../../lib/core/reading/key-slots.js';
import { NamedValue } from '../../../lib/core/reading/named-value.js';
import { KeyLoader } from '../../../lib/core/ring/key-loader.js';
import { revocationsIn } from '../../../lib/core/ring/members-of-slots.js';
import type { LoadContext } from '../../../lib/core/ring/key-loader.js';
import { withoutRevoked } from '../../../lib/core/ring/life.js';
import type { Life, Lives } from '../../../lib/core/ring/life.js';
import { errorOf, everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from '../../support/keys.js';
import { thumbprintOf } from '../../support/loaded.js';
import { primeFor65537, rsaKeyOf, rsaPublicKeyOf } from '../../support/weak-keys.js';

const [one, two, three] = [makeRsaKey(), makeRsaKey(), makeRsaKey()];
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
const ed25519 = makeKeyPair('ed25519').privateKey;
const [idOfOne, idOfTwo] = [thumbprintOf(one), thumbprintOf(two)];

const load = async (slots: KeySlots, context: LoadContext = {}) => new KeyLoader().load(slots, context);
const loadNow = (slots: KeySlots, context: LoadContext = {}) => new KeyLoader().loadNow(slots, context);

/** What both drivers have to agree on. */
const seen = ({ lives, defaultAlgorithm, nextStandsIn, warnings }: Lives) => ({
  lives: lives.map(({ key, slot, signer, signsFrom }) => [
    slot,
    key.alg,
    key.kid,
    key.where,
    signer !== undefined,
    signsFrom,
  ]),
  defaultAlgorithm: defaultAlgorithm.names[0],
  nextStandsIn,
  warnings,
});

/** What is left when the revocations of a source have taken effect, of keys and not of names. */
function leftOf(loaded: Lives, slots: KeySlots): readonly Life[] {
  const list = revocationsIn(slots);
  const gone = new Set(loaded.lives.flatMap(({ key }) => (list.names(key) ? key.thumbprint : [])));
  return withoutRevoked(loaded, ({ thumbprint }) => gone.has(thumbprint));
}

const slotsAndKids = (lives: readonly Life[]) => lives.map(({ slot, key }) => [slot, key.kid]);

describe('a value that is unchanged', () => {
  const signer: Signer = { sign: async (data) => signatureOf(ec, data) };
  const remote = { key: createPublicKey(ec), signer };

  /** Each is made anew at every load, as a source makes it. */
  const unchanged: [string, () => KeyInput | KeyInput[]][] = [
    ['a text', () => pemOf(one)],
    ['bytes', () => Buffer.from(pemOf(one))],
    ['a KeyObject', () => one],
    ['a JWK', () => jwkOf(one)],
    ['a JWK Set', () => ({ keys: [jwkOf(one), jwkOf(ec)] })],
    ['a described key', () => ({ key: pemOf(one), kid: 'a', algorithm: 'PS256' })],
    ['a list', () => [pemOf(one), { key: ec, kid: 'b' }]],
    ['a remote key', () => ({ ...remote })],
  ];

  it.each(unchanged)('is not opened again: %s', async (_, value) => {
    const loader = new KeyLoader();
    const previous = createPublicKey(three);
    const slots = () => ({ current: value(), next: pemOf(two), previous });
    const first = await loader.load(slots(), {});
    for (const again of [await loader.load(slots(), {}), await loader.load(slots(), {})]) {
      expect(again.lives.map(({ key }) => key)).toEqual(first.lives.map(({ key }) => key));
      for (const [index, { key, signer: each }] of again.lives.entries()) {
        expect(key).toBe(first.lives[index]!.key);
        expect(each).toBe(first.lives[index]!.signer);
      }
    }
  });

  it('is told apart from one that changed, which alone is opened', async () => {
    const loader = new KeyLoader();
    const first = await loader.load({ current: pemOf(one), next: pemOf(two) }, {});
    const second = await loader.load({ current: pemOf(one), next: pemOf(three) }, {});
    expect(second.lives[0]!.key).toBe(first.lives[0]!.key);
    expect(second.lives[1]!.key.kid).toBe(thumbprintOf(three));
  });

  it.each([
    ['a kid that was added', { key: pemOf(one), kid: 'x' }, pemOf(one)],
    ['another kid', { key: pemOf(one), kid: 'x' }, { key: pemOf(one), kid: 'y' }],
    [
      'another algorithm',
      { key: one, algorithm: 'PS256' as const },
      { key: one, algorithm: 'RS512' as const },
    ],
    ['another form', pemOf(one), jwkOf(one)],
    [
      'another signer of the same key',
      remote,
      { ...remote, signer: { sign: async (data: Buffer) => signatureOf(ec, data) } },
    ],
  ] as [string, KeyInput, KeyInput][])('is not one with %s', async (_, before, after) => {
    const loader = new KeyLoader();
    const [first] = (await loader.load({ current: before }, {})).lives;
    const [second] = (await loader.load({ current: after }, {})).lives;
    expect(second!.key).not.toBe(first!.key);
  });

  it('is opened again with another passphrase, which has to be right', async () => {
    const encrypted = one.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'a' });
    const loader = new KeyLoader();
    await loader.load({ current: encrypted, passphrase: 'a' }, {});
    const error = await rejectionOf(loader.load({ current: encrypted, passphrase: 'b' }, {}));
    expect(error.code).toBe('OIDC_KEY_ENCRYPTED');
  });

  it('is opened again each time where it is an object of a class, of which only a part may show', async () => {
    class Jwk {
      constructor(jwk: JsonWebKey) {
        Object.assign(this, jwk);
      }
    }
    const loader = new KeyLoader();
    const value = new Jwk(jwkOf(one)) as JsonWebKey;
    const loads = [await loader.load({ current: value }, {}), await loader.load({ current: value }, {})];
    expect(loads[0]!.lives[0]!.key).not.toBe(loads[1]!.lives[0]!.key);
    Object.assign(value, jwkOf(two));
    expect((await loader.load({ current: value }, {})).lives[0]!.key.kid).toBe(idOfTwo);
  });

  it('is remembered where a load in between failed', async () => {
    const loader = new KeyLoader();
    const first = await loader.load({ current: pemOf(one) }, {});
    await rejectionOf(loader.load({ current: pemOf(one), next: 'damaged' }, {}));
    const again = await loader.load({ current: pemOf(one) }, {});
    expect(again.lives[0]!.key).toBe(first.lives[0]!.key);
  });
});

describe('both drivers', () => {
  const encryptionKey = { ...jwkOf(createPublicKey(three)), use: 'enc' };
  const set = { keys: [jwkOf(createPublicKey(two)), encryptionKey] };

  const good: [string, KeySlots, LoadContext?][] = [
    ['one key', { current: pemOf(one) }],
    ['a key in every slot', { current: one, next: [two, ec], previous: createPublicKey(three) }],
    ['several algorithms', { current: [one, ec, ed25519] }],
    ['the option algorithm', { current: [one, ec], next: ed25519 }, { algorithm: 'ES256' }],
    ['a schedule', { current: one, next: two, nextActivatesAt: new Date(5_000) }],
    ['unset slots', { current: one, next: '', previous: [], revokedKids: [], passphrase: '' }],
    ['a set of another issuer', { current: one, previous: JSON.stringify(set) }],
    ['a key that is revoked', { current: one, next: two, revokedKids: [idOfOne] }],
    [
      'a key that was revoked before',
      { current: one, next: two },
      { isRevoked: ({ kid }) => kid === idOfOne },
    ],
    ['the current key gone', { current: '', next: two, revokedKids: ['gone'] }],
    [
      'the same key under its two names',
      { current: new NamedValue('A', pemOf(one), { alias: new NamedValue('B', jwkOf(one)) }) },
    ],
    [
      'an encrypted key',
      {
        current: one.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' }),
        passphrase: '"p"\n',
      },
    ],
  ];

  it.each(good)('load the same: %s', async (...[, slots, context]) => {
    const loaded = seen(await load(slots, context));
    expect(seen(loadNow(slots, context))).toEqual(loaded);
    expect(loaded.lives.length).toBeGreaterThan(0);
  });

  const p = primeFor65537(1024);
  const [sharing, shared] = [rsaKeyOf(primeFor65537(1024), p), rsaKeyOf(p, primeFor65537(1024))];
  const damaged = pemOf(two).slice(0, 900);
  const absence = new OidcKeyError('OIDC_KEY_UNREADABLE_FILE', 'The file is not there.');
  const someError = new OidcKeyError('OIDC_KEY_SOURCE_FAILED', 'The vault is sealed.');

  const bad: [string, string, KeySlots | undefined | string, LoadContext?][] = [
    ['OIDC_KEY_INVALID_OPTION', 'nothing at all', undefined],
    ['OIDC_KEY_INVALID_OPTION', 'a text for the slots', pemOf(one)],
    ['OIDC_KEY_INVALID_OPTION', 'a list for the slots', [pemOf(one)] as never],
    ['OIDC_KEY_INVALID_OPTION', 'an unknown slot', { current: one, curent: two } as never],
    ['OIDC_KEY_MISSING', 'no current key', { current: undefined as never, next: two }],
    ['OIDC_KEY_MISSING', 'an empty current key', { current: ' ' }],
    [
      'OIDC_KEY_UNREADABLE_FILE',
      'no current key, and why',
      { current: new NamedValue('A', undefined, { absence }) },
    ],
    ['OIDC_KEY_MALFORMED', 'a damaged current key', { current: damaged }],
    ['OIDC_KEY_MALFORMED', 'a damaged next key', { current: one, next: damaged }],
    ['OIDC_KEY_MALFORMED', 'a damaged previous key', { current: one, previous: damaged }],
    ['OIDC_KEY_MALFORMED', 'a number for a key', { current: 5 as never }],
    ['OIDC_KEY_NOT_PRIVATE', 'a public current key', { current: createPublicKey(one) }],
    ['OIDC_KEY_NOT_PRIVATE', 'a public next key', { current: one, next: createPublicKey(two) }],
    ['OIDC_KEY_UNSUPPORTED', 'an algorithm of another kind', { current: { key: one, algorithm: 'ES256' } }],
    [
      'OIDC_KEY_UNSUPPORTED',
      'an EC key on another curve',
      { current: one, previous: jwkOf(makeKeyPair('ec', { namedCurve: 'secp256k1' }).publicKey) },
    ],
    ['OIDC_KEY_TOO_WEAK', 'a short key', { current: makeRsaKey(1024) }],
    [
      'OIDC_KEY_TOO_WEAK',
      'a prime modulus',
      { current: one, previous: rsaPublicKeyOf(generatePrimeSync(2048, { bigint: true })) },
    ],
    ['OIDC_KEY_TOO_WEAK', 'a shared prime', { current: sharing, previous: createPublicKey(shared) }],
    [
      'OIDC_KEY_TOO_WEAK',
      'a prime shared with what is published',
      { current: sharing },
      { published: loadNow({ current: shared }).lives },
    ],
    [
      'OIDC_KEY_ENCRYPTED',
      'no passphrase',
      { current: one.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase: 'p' }) },
    ],
    ['OIDC_KEY_SEVERAL', 'two current keys of one algorithm', { current: [one, two] }],
    [
      'OIDC_KEY_AMBIGUOUS_NEXT',
      'two next keys and a schedule',
      { current: one, next: [two, three], nextActivatesAt: new Date() },
    ],
    [
      'OIDC_KEY_INVALID_OPTION',
      'an instant that is none',
      { current: one, next: two, nextActivatesAt: 'soon' as never },
    ],
    ['OIDC_KEY_INVALID_OPTION', 'half a list of kids', { current: one, revokedKids: '["a", "b' as never }],
    ['OIDC_KEY_INVALID_OPTION', 'kids that are none', { current: one, revokedKids: { a: 1 } as never }],
    ['OIDC_KEY_NONE_TO_SIGN', 'no key of the option algorithm', { current: one }, { algorithm: 'ES256' }],
    ['OIDC_KEY_NONE_TO_SIGN', 'two algorithms and no default', { current: [ec, ed25519] }],
    [
      'OIDC_KEY_CONFLICT',
      'another key under its other name',
      { current: new NamedValue('A', pemOf(one), { alias: new NamedValue('B', pemOf(two)) }) },
    ],
    ['OIDC_KEY_SOURCE_FAILED', 'an error for the current key', { current: someError as never }],
    ['OIDC_KEY_SOURCE_FAILED', 'an error for the next keys', { current: one, next: someError as never }],
    [
      'OIDC_KEY_SOURCE_FAILED',
      'an error for the previous keys',
      { current: one, previous: someError as never },
    ],
    [
      'OIDC_KEY_SOURCE_FAILED',
      'an error for the revoked kids',
      { current: one, revokedKids: someError as never },
    ],
    [
      'OIDC_KEY_SOURCE_FAILED',
      'an error for the instant',
      { current: one, nextActivatesAt: someError as never },
    ],
    [
      'OIDC_KEY_SOURCE_FAILED',
      'an error for the passphrase',
      { current: one, passphrase: someError as never },
    ],
    [
      'OIDC_KEY_SOURCE_FAILED',
      'an error in a named value',
      { current: one, next: new NamedValue('A', someError) },
    ],
  ];

  it.each(bad)('refuse with %s: %s', async (...[code, , slots, context]) => {
    const later = await rejectionOf(load(slots as KeySlots, context));
    const now = errorOf(() => loadNow(slots as KeySlots, context));
    expect([later.name, later.code]).toEqual(['OidcKeyError', code]);
    expect([now.name, now.code, now.message]).toEqual([later.name, later.code, later.message]);
    if ([absence.code, someError.code].includes(later.code as never)) expect(now).toBe(later);
  });

  it('name what is wrong by the name that the source gave it, or by its slot', async () => {
    const named = await rejectionOf(load({ current: new NamedValue('MY_KEY', damaged) }));
    expect(named.message).toMatch(/^MY_KEY /);
    const unnamed = await rejectionOf(load({ current: one, previous: damaged }));
    expect(unnamed.message).toMatch(/^The source’s slot "previous" /);
  });

  it('warn of what was skipped, again where it was not opened again', async () => {
    const loader = new KeyLoader();
    const slots = { current: pemOf(one), previous: JSON.stringify(set) };
    const { warnings, lives } = await loader.load(slots, {});
    expect(warnings).toEqual([expect.stringMatching(/previous.*key 2 of 2.*skipped/)]);
    expect((await loader.load(slots, {})).warnings).toEqual(warnings);
    expect(lives).toHaveLength(2);
  });

  it('give the schedule to next keys alone', async () => {
    const slots = { current: one, next: two, previous: three, nextActivatesAt: new Date(5_000) };
    const { lives } = await load(slots);
    expect(lives.map(({ slot, signsFrom }) => [slot, signsFrom])).toEqual([
      ['current', undefined],
      ['next', 5_000],
      ['previous', undefined],
    ]);
  });
});

describe('the same twice', () => {
  const edJwk = jwkOf(ed25519);
  const cases: [string, KeySlots][] = [
    ['two keys under one kid', { current: { key: one, kid: 'x' }, previous: { key: two, kid: 'x' } }],
    [
      'two keys of two kinds under one kid',
      {
        current: [
          { key: one, kid: 'x' },
          { key: ec, kid: 'x' },
        ],
      },
    ],
    ['one key in two slots', { current: pemOf(one), previous: createPublicKey(one) }],
    ['one key under two kids', { current: { key: one, kid: 'x' }, previous: { key: one, kid: 'y' } }],
    ['one key under its thumbprint and a kid', { current: one, next: { key: one, kid: 'y' } }],
    ['one RSA key for RS256 and PS256', { current: [one, { key: one, algorithm: 'PS256' }] }],
    [
      'one RSA key for RS256 and RS512, in two slots',
      { current: one, next: { key: one, algorithm: 'RS512', kid: 'y' } },
    ],
    [
      'one key by both names of EdDSA',
      { current: { ...edJwk, alg: 'EdDSA' }, next: { ...edJwk, alg: 'Ed25519', kid: 'y' } },
    ],
    ['a key twice in previous', { current: one, previous: [two, createPublicKey(two)] }],
  ];

  it.each(cases)('RFC 7517 section 4.5: %s', async (_, slots) => {
    const error = await rejectionOf(load(slots));
    expect(error.code).toBe('OIDC_KEY_DUPLICATE_KID');
    expect(error.message.match(/The source’s slot "/g)).toHaveLength(2);
  });

  it('two current keys by the two names of EdDSA are two of one algorithm', async () => {
    const other = jwkOf(makeKeyPair('ed25519').privateKey);
    const current = [
      { ...edJwk, alg: 'EdDSA' },
      { ...other, alg: 'Ed25519' },
    ] as never;
    expect((await rejectionOf(load({ current }))).code).toBe('OIDC_KEY_SEVERAL');
    // The same key, too: which of the two is said does not matter.
    const same = [
      { ...edJwk, alg: 'EdDSA' },
      { ...edJwk, alg: 'Ed25519' },
    ] as never;
    expect((await rejectionOf(load({ current: same }))).code).toBe('OIDC_KEY_SEVERAL');
  });
});

describe('a revocation', () => {
  const byName: [string, string][] = [
    ['kid', 'x'],
    ['thumbprint', idOfOne],
  ];

  it.each(byName)('by %s drops the current key, and a next one stands in', async (_, name) => {
    const slots: KeySlots = {
      current: { key: one, kid: 'x' },
      next: { key: two, kid: 'n' },
      nextActivatesAt: new Date(4e12),
      revokedKids: [name],
    };
    const loaded = await load(slots);
    expect(loaded.nextStandsIn).toBe(false);
    expect(loaded.lives.map(({ key }) => key.kid)).toEqual(['x', 'n']);
    const left = leftOf(loaded, slots);
    expect(slotsAndKids(left)).toEqual([['current', 'n']]);
    expect(left[0]!.signsFrom).toBeUndefined();
    expect(left[0]!.signer).toBeDefined();
  });

  it.each([...byName, ['its other kid', 'y']])(
    'by %s drops a key that stands under three kids, and there is no duplicate then',
    async (_, name) => {
      const slots: KeySlots = {
        current: { key: one, kid: 'x' },
        next: two,
        previous: [
          { key: createPublicKey(one), kid: 'y' },
          { key: pemOf(one), kid: 'z' },
        ],
        revokedKids: [name],
      };
      expect(slotsAndKids(leftOf(await load(slots), slots))).toEqual([['current', idOfTwo]]);
      const { revokedKids: _revoked, ...unrevoked } = slots;
      expect((await rejectionOf(load(unrevoked))).code).toBe('OIDC_KEY_DUPLICATE_KID');
    },
  );

  it('drops a key of two algorithms under either', async () => {
    const slots: KeySlots = {
      current: [{ key: one, kid: 'x' }, { key: one, algorithm: 'PS256', kid: 'y' }, ec],
      revokedKids: ['y'],
    };
    expect(slotsAndKids(leftOf(await load(slots), slots))).toEqual([['current', thumbprintOf(ec)]]);
  });

  it('leaves others alone, also where one of two keys of one kid is meant by its thumbprint', async () => {
    const slots: KeySlots = {
      current: { key: one, kid: 'x' },
      previous: [{ key: two, kid: 'x' }, three],
      revokedKids: [idOfTwo],
    };
    expect(slotsAndKids(leftOf(await load(slots), slots))).toEqual([
      ['current', 'x'],
      ['previous', thumbprintOf(three)],
    ]);
  });

  it('turns to no other algorithm: the default is what is configured', async () => {
    const slots: KeySlots = { current: [one, ec], revokedKids: [idOfOne] };
    const { defaultAlgorithm, ...loaded } = await load(slots);
    expect(defaultAlgorithm.names).toEqual(['RS256']);
    expect(slotsAndKids(leftOf({ ...loaded, defaultAlgorithm }, slots))).toEqual([
      ['current', thumbprintOf(ec)],
    ]);
  });

  it.each([
    ['a kid of no key', ['gone']],
    ['a kid of no key among others', [idOfTwo, 'gone']],
  ])('is why the current keys are empty, and next stands in: %s', async (_, revokedKids) => {
    const slots: KeySlots = { current: '', next: [two, three], revokedKids };
    const loaded = await load(slots);
    expect(loaded.nextStandsIn).toBe(true);
    const [standIn] = loaded.lives.filter(({ key }) => !revokedKids.includes(key.kid));
    expect(leftOf(loaded, slots)[0]).toMatchObject({ slot: 'current', key: standIn!.key });
  });

  it.each([
    ['there is none', undefined],
    ['it names a next key by its kid', ['n']],
    ['it names a next key by its thumbprint', [idOfTwo]],
    ['it names previous keys', ['p', thumbprintOf(three)]],
  ])('is not why the current keys are empty where %s', async (_, revokedKids) => {
    const slots: KeySlots = {
      current: undefined,
      next: [{ key: two, kid: 'n' }, ec],
      previous: { key: three, kid: 'p' },
      revokedKids,
    };
    expect((await rejectionOf(load(slots))).code).toBe('OIDC_KEY_MISSING');
  });

  it('of every current key leaves lives to be held against it, and does not fail the load', async () => {
    const slots: KeySlots = { current: one, previous: two, revokedKids: [idOfOne] };
    expect(slotsAndKids(leftOf(await load(slots), slots))).toEqual([['previous', idOfTwo]]);
  });

  it('counts where a process remembers it and the source does not', async () => {
    const isRevoked = ({ thumbprint }: { thumbprint: string }) => thumbprint === idOfOne;
    const slots: KeySlots = { current: { key: one, kid: 'x' }, next: two, previous: { key: one, kid: 'y' } };
    expect((await load(slots, { isRevoked })).lives).toHaveLength(3);
  });

  const someError = new OidcKeyError('OIDC_KEY_SOURCE_FAILED', 'The vault is sealed.');
  const broken: [string, Partial<KeySlots>][] = [
    ['an unknown member', { curent: one } as Partial<KeySlots>],
    ['no current key', { current: '' }],
    ['a damaged current key', { current: '-----BEGIN' }],
    ['an error for the current key', { current: someError }],
    ['a damaged next key', { next: 'damaged' }],
    ['a previous key that is none', { previous: 5 as never }],
    ['an instant that is none', { next: two, nextActivatesAt: 'soon' }],
    ['a passphrase that cannot be read', { passphrase: someError }],
    ['one kid that is no string', { revokedKids: ['x', 5, idOfTwo] as never }],
    ['half a list of kids', { revokedKids: `["x","${idOfTwo}` as never }],
  ];

  it.each(broken)('is read whatever else is wrong: %s', async (_, wrong) => {
    const slots: KeySlots = { current: one, revokedKids: ['x', idOfTwo], ...wrong };
    expect((await rejectionOf(load(slots))).name).toBe('OidcKeyError');
    const list = revocationsIn(slots);
    const { lives } = loadNow({ current: { key: one, kid: 'x' }, previous: [{ key: two, kid: 'y' }, three] });
    expect(lives.map(({ key }) => list.names(key))).toEqual([true, true, false]);
  });

  it.each([[undefined], [null], ['a text'], [[]], [5]])('of a source that gave %j is none', (slots) => {
    expect(revocationsIn(slots as never).unknown(() => false)).toEqual([]);
  });
});

describe('a value with its name', () => {
  const value = new NamedValue(
    'OIDC_PRIVATE_KEY',
    { key: 'the-secret-itself', passphrase: 'and-another' },
    { remedy: 'r' },
  );
  const secrets = /the-secret-itself|and-another/;

  it('gives the value to whoever asks for it', () => {
    expect(value.value).toEqual({ key: 'the-secret-itself', passphrase: 'and-another' });
  });

  it('shows it in no print, copy or text of the whole', () => {
    const within = { slots: { current: value, next: new NamedValue('A', 1, { alias: value }) } };
    for (const each of [value, structuredClone(value), Object.assign({}, value), within]) {
      expect(everythingPrintedOf(each)).not.toMatch(secrets);
    }
    expect(inspect(Object.entries(value), { depth: Infinity })).not.toMatch(secrets);
    expect(everythingPrintedOf(value)).toContain('OIDC_PRIVATE_KEY');
  });

  it('holds an error about it as it is', async () => {
    const error = new OidcKeyError('OIDC_KEY_UNREADABLE_FILE', 'It cannot be read.');
    expect(await rejectionOf(load({ current: new NamedValue('A', error) }))).toBe(error);
    expect(everythingPrintedOf(error)).not.toMatch(secrets);
  });
});

function signatureOf(key: KeyObject, data: Buffer): Buffer {
  return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
}
