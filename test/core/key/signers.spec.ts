import { createHook } from 'node:async_hooks';
import { createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, jwtVerify } from 'jose';

import { algorithmNamed, algorithms } from '../../../lib/core/algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { OidcKeyError } from '../../../lib/core/errors.js';
import { JwtService, LiveRing } from '../../../lib/core/jwt/jwt.service.js';
import type { Signer } from '../../../lib/core/key/signer.js';
import { signingKeyOf } from '../../../lib/core/key/signing-key.js';
import type { SigningKey } from '../../../lib/core/key/signing-key.js';
import { runLater, runNow } from '../../../lib/core/key/steps.js';
import type { KeyInput } from '../../../lib/core/reading/key-material.js';
import { NamedValue } from '../../../lib/core/reading/named-value.js';
import { KeyLoader } from '../../../lib/core/ring/key-loader.js';
import { KeyRing } from '../../../lib/core/ring/key-ring.js';
import { makeKeyFor } from '../../support/algorithm-keys.js';
import { errorOf, everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { keysIn } from '../../support/loaded.js';
import { headerOf, payloadOf } from '../../support/tokens.js';

const keyOfRow = new Map(algorithms.map((row) => [row, makeKeyFor(row)]));
const rowOf = (name: SigningAlgorithm) => algorithmNamed(name)!;
const keyFor = (name: SigningAlgorithm) => keyOfRow.get(rowOf(name))!;

const signatureBy = ({ hash, parameters }: Algorithm, key: KeyObject, data: Buffer) =>
  sign(hash, data, { ...parameters, key });

/** Stands for a KMS: the private half stays here, and an answer takes its time. */
function remote(name: SigningAlgorithm, key = keyFor(name), delay = () => 50): Signer {
  return {
    sign: async (data) => {
      await wait(delay());
      return signatureBy(rowOf(name), key, data);
    },
  };
}

const heldElsewhere = (name: SigningAlgorithm, signer: Signer): KeyInput => ({
  key: createPublicKey(keyFor(name)),
  algorithm: name,
  signer,
});

const names = algorithms.map((row) => row.names[0]);

/** Every signer, by what a setting gives. */
const signers = [
  ...names.map((name) => [`local, ${name}`, name, { key: keyFor(name), algorithm: name }] as const),
  ...names.map((name) => [`remote, ${name}`, name, heldElsewhere(name, remote(name))] as const),
];

const slotsOf = (current: KeyInput) => ({ current: new NamedValue('OIDC_PRIVATE_KEY', current) });
const load = async (current: KeyInput) => new KeyLoader().load(slotsOf(current), {});

async function ringLoadedFrom(current: KeyInput): Promise<KeyRing> {
  const { lives, defaultAlgorithm } = await load(current);
  return new KeyRing(lives, defaultAlgorithm);
}

async function serviceOver(current: KeyInput): Promise<JwtService> {
  const ring = await ringLoadedFrom(current);
  return new JwtService(new LiveRing(() => ring));
}

describe.each(signers)('a signer: %s', (_, name, key) => {
  it('signs what the published key verifies, here and by jose', async () => {
    const jwt = await serviceOver(key);
    const token = await jwt.sign({ sub: 'alice' });
    const { keys } = jwt.getKeySet();
    expect(keys).toHaveLength(1);
    expect(keys[0]).toEqual({
      ...createPublicKey(keyFor(name)).export({ format: 'jwk' }),
      use: 'sig',
      alg: name,
      kid: headerOf(token).kid,
    });
    expect(headerOf(token)).toEqual({ typ: 'JWT', alg: name, kid: keys[0]!.kid });
    expect(jwt.decode(token)).toEqual(payloadOf(token));
    await expect(jwt.verify(token)).resolves.toEqual(payloadOf(token));
    await expect(jwtVerify(token, createLocalJWKSet(jwt.getKeySet()))).resolves.toMatchObject({
      payload: { sub: 'alice' },
    });
  });

  it('signs many at once, each its own', async () => {
    const jwt = await serviceOver(key);
    const tokens = await Promise.all(
      Array.from({ length: 30 }, async (__, index) => jwt.sign({ jti: `${index}` })),
    );
    for (const [index, token] of tokens.entries()) {
      await expect(jwt.verify(token)).resolves.toMatchObject({ jti: `${index}` });
    }
  });
});

describe('a signer that answers later', () => {
  it('may answer in any order', async () => {
    const delays = [1, 40, 5, 30, 10, 20];
    const jwt = await serviceOver(
      heldElsewhere(
        'ES256',
        remote('ES256', undefined, () => delays.pop() ?? 1),
      ),
    );
    const ended: number[] = [];
    const tokens = await Promise.all(
      Array.from({ length: 5 }, async (_, index) => {
        const token = await jwt.sign({ jti: `${index}` });
        ended.push(index);
        return token;
      }),
    );
    expect(ended).not.toEqual([0, 1, 2, 3, 4]);
    for (const [index, token] of tokens.entries()) {
      await expect(jwt.verify(token)).resolves.toMatchObject({ jti: `${index}` });
    }
  });

  it('is tried when it is loaded, and again only where it is another one', async () => {
    const counted = { count: 0 };
    const another = (): Signer => ({
      sign: async (data) => {
        counted.count += 1;
        return remote('ES256').sign(data);
      },
    });
    const loader = new KeyLoader();
    const key = createPublicKey(keyFor('ES256'));
    const signer = another();
    for (const each of [signer, signer, another()]) await loader.load({ current: { key, signer: each } }, {});
    expect(counted.count).toBe(2);
  });

  it('may stand beside a local one, of the same algorithm as a next key and of another as a current one', async () => {
    const current = new NamedValue('OIDC_PRIVATE_KEY', [
      { key: keyFor('ES256') },
      heldElsewhere('RS256', remote('RS256')),
    ]);
    const stranger = makeKeyFor(rowOf('ES256'));
    const next = { key: createPublicKey(stranger), signer: remote('ES256', stranger) };
    const { lives, defaultAlgorithm } = await new KeyLoader().load({ current, next }, {});
    const ring = new KeyRing(lives, defaultAlgorithm);
    const jwt = new JwtService(new LiveRing(() => ring));
    expect(headerOf(await jwt.sign({})).alg).toBe('RS256');
    const token = await jwt.sign({ a: 1 }, { algorithm: 'ES256' });
    await expect(jwt.verify(token)).resolves.toMatchObject({ a: 1 });
    expect(headerOf(token).kid).not.toBe(keysIn(ring, 'next')[0]!.kid);
  });

  it('is not asked for a previous key, which only verifies', async () => {
    const previous = heldElsewhere('RS256', {
      sign: async () => {
        throw new Error('asked');
      },
    });
    const { lives } = await new KeyLoader().load({ current: keyFor('ES256'), previous }, {});
    expect(lives.map(({ slot, signer }) => [slot, signer !== undefined])).toEqual([
      ['current', true],
      ['previous', false],
    ]);
  });

  it('fails a signature without what it rejects with, which may hold a request', async () => {
    const failure = new Error('the KMS is away');
    const healthy = [remote('ES256')];
    const signer: Signer = { sign: async (data) => healthy.pop()?.sign(data) ?? Promise.reject(failure) };
    const jwt = await serviceOver(heldElsewhere('ES256', signer));
    const error = await rejectionOf(jwt.sign({}));
    expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_SIGNER_FAILED']);
    expect(everythingPrintedOf(error)).not.toContain('away');
  });

  it.each(names)('is refused by a constructor, which cannot wait, and is not asked: %s', (name) => {
    let isAsked = false;
    const signer: Signer = {
      sign: async (data) => {
        isAsked = true;
        return remote(name).sign(data);
      },
    };
    const error = errorOf(() => new JwtService({ key: heldElsewhere(name, signer) }));
    expect([error.name, error.code]).toEqual(['OidcKeyError', 'OIDC_KEY_UNSUPPORTED']);
    expect(error.message).toMatch(/^The option "key" .*cannot wait.*OidcKeyModule/);
    expect(isAsked).toBe(false);
  });
});

describe('the signature that a signer is asked for when it is loaded', () => {
  const secret = 'hvs.CAESIJ-a-token-that-nobody-may-see';
  const own = new OidcKeyError('OIDC_KEY_UNREADABLE_FILE', 'The PIN cannot be read.');
  const bytesBy = (name: SigningAlgorithm, data: Buffer) => signatureBy(rowOf(name), keyFor(name), data);

  const bad: [string, (name: SigningAlgorithm) => Signer['sign'], string][] = [
    [
      'of another key',
      (name) => async (data) => signatureBy(rowOf(name), makeKeyFor(rowOf(name)), data),
      'OIDC_KEY_MISMATCH',
    ],
    ['of other data', (name) => async () => bytesBy(name, Buffer.from('other')), 'OIDC_KEY_MISMATCH'],
    ['too short', (name) => async (data) => bytesBy(name, data).subarray(0, -1), 'OIDC_KEY_MISMATCH'],
    ['half', (name) => async (data) => bytesBy(name, data).subarray(0, 32), 'OIDC_KEY_MISMATCH'],
    [
      'too long',
      (name) => async (data) => Buffer.concat([bytesBy(name, data), Buffer.alloc(1)]),
      'OIDC_KEY_MISMATCH',
    ],
    ['empty', () => async () => Buffer.alloc(0), 'OIDC_KEY_MISMATCH'],
    ['zeros', (name) => async (data) => Buffer.alloc(bytesBy(name, data).length), 'OIDC_KEY_MISMATCH'],
    ['none', () => async () => undefined as never, 'OIDC_KEY_MISMATCH'],
    ['refused', () => async () => Promise.reject(new Error(`403 for ${secret}`)), 'OIDC_KEY_SIGNER_FAILED'],
    [
      'refused with something that is no Error',
      () => async () => Promise.reject({ headers: { authorization: secret } }),
      'OIDC_KEY_SIGNER_FAILED',
    ],
    [
      'refused before it is a promise',
      () => () => {
        throw new Error(secret);
      },
      'OIDC_KEY_SIGNER_FAILED',
    ],
    ['refused with an error of ours', () => async () => Promise.reject(own), 'OIDC_KEY_UNREADABLE_FILE'],
  ];
  const cases = bad.flatMap(([title, signOf, code]) =>
    (['RS256', 'ES256', 'ES512', 'EdDSA'] as const).map((name) => [title, name, signOf(name), code] as const),
  );

  it.each(cases)('%s: %s', async (_, name, signRemotely, code) => {
    const signer = { sign: signRemotely };
    const error = await rejectionOf(load(heldElsewhere(name, signer)));
    expect([error.name, error.code]).toEqual(['OidcKeyError', code]);
    if (error !== own) expect(error.message).toMatch(/OIDC_PRIVATE_KEY/);
    expect(error.cause).toBeUndefined();
    expect(everythingPrintedOf(error)).not.toContain(secret);
    const next = await rejectionOf(
      new KeyLoader().load({ current: makeKeyFor(rowOf(name)), next: heldElsewhere(name, signer) }, {}),
    );
    expect(next.code).toBe(code);
  });

  it('RFC 7518 section 3.4: is not taken in DER', async () => {
    const signer: Signer = { sign: async (data) => sign('sha256', data, keyFor('ES256')) };
    const error = await rejectionOf(load(heldElsewhere('ES256', signer)));
    expect([error.code, /signer/.test(error.message)]).toEqual(['OIDC_KEY_MISMATCH', true]);
  });

  it('is one with the salt and the padding that the algorithm has', async () => {
    const signer = remote('RS256', keyFor('PS256'));
    expect((await rejectionOf(load(heldElsewhere('PS256', signer)))).code).toBe('OIDC_KEY_MISMATCH');
    const rsa = heldElsewhere('RS256', remote('RS512', keyFor('RS256')));
    expect((await rejectionOf(load(rsa))).code).toBe('OIDC_KEY_MISMATCH');
  });
});

/** How many signatures and verifications come back from the thread pool during a call. */
async function onThreadPoolDuring(call: () => unknown): Promise<number> {
  const requests = new Set<number>();
  const cameBack = new Set<number>();
  const hook = createHook({
    // Node's name for a signature or a verification, here or there.
    init: (id, type) => void (type === 'SIGNREQUEST' && requests.add(id)),
    // Only what was elsewhere has a callback to call.
    before: (id) => void (requests.has(id) && cameBack.add(id)),
  });
  hook.enable();
  try {
    await call();
  } finally {
    hook.disable();
  }
  return cameBack.size;
}

describe('what costs more than a hop to the thread pool goes there', () => {
  const onThreadPool: Readonly<Record<string, { signs: boolean; verifies: boolean }>> = {
    ...Object.fromEntries(
      names.filter((name) => /^[RP]S/.test(name)).map((name) => [name, { signs: true, verifies: false }]),
    ),
    ES256: { signs: false, verifies: false },
    ES384: { signs: true, verifies: true },
    ES512: { signs: true, verifies: true },
    EdDSA: { signs: false, verifies: false },
  };

  it.each(Object.entries(onThreadPool))('%s: %j', async (name, { signs, verifies }) => {
    const alg = name as SigningAlgorithm;
    const jwt = new JwtService({ key: { key: keyFor(alg), algorithm: alg } });
    let token = '';
    expect(await onThreadPoolDuring(async () => (token = await jwt.sign({})))).toBe(signs ? 1 : 0);
    expect(await onThreadPoolDuring(() => jwt.verify(token))).toBe(verifies ? 1 : 0);
    const forged = `${token.slice(0, -8)}AAAAAAAA`;
    expect(await onThreadPoolDuring(() => rejectionOf(jwt.verify(forged)))).toBe(verifies ? 1 : 0);
  });

  it.each(names)('and when a key is tried, too, unless it is a constructor that tries: %s', async (name) => {
    const { signs, verifies } = onThreadPool[name]!;
    const material = { keyObject: keyFor(name), algorithm: name, where: 'The key' };
    let loaded: SigningKey | undefined;
    const later = await onThreadPoolDuring(async () => (loaded = await runLater(signingKeyOf(material))));
    expect(later).toBe(Number(signs) + Number(verifies));
    expect(await onThreadPoolDuring(() => runNow(signingKeyOf(material)))).toBe(0);
    const data = Buffer.from('data');
    const verdict = loaded!.key.verifies(data, await loaded!.signer.sign(data));
    expect(typeof verdict).toBe(verifies ? 'object' : 'boolean');
    expect(await verdict).toBe(true);
  });
});
