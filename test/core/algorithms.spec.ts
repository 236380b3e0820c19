import { createHash, createPublicKey, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, exportJWK, jwtVerify, SignJWT } from 'jose';

import {
  algorithmNamed,
  algorithms,
  defaultAlgorithmOf,
  fits,
  isSigningAlgorithm,
  signingAlgorithms,
} from '../../lib/core/algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../../lib/core/algorithms.js';
import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import type { JwtServiceOptions } from '../../lib/core/jwt/jwt.service.js';
import { KeyInfo } from '../../lib/core/ring/key-info.js';
import { makeKeyFor, signedAs } from '../support/algorithm-keys.js';
import { errorOf, rejectionOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { jwkOf, pemOf } from '../support/keys.js';
import { ringOf, thumbprintOf } from '../support/loaded.js';
import { forge, headerOf } from '../support/tokens.js';

const keyOfRow = new Map(algorithms.map((row) => [row, makeKeyFor(row)]));
const keyFor = (name: SigningAlgorithm) => keyOfRow.get(algorithmNamed(name)!)!;
const described = (name: SigningAlgorithm) => ({ key: keyFor(name), algorithm: name });

/** Every name of every algorithm, with its row and a key. */
const named = signingAlgorithms.map((name): [SigningAlgorithm, Algorithm, KeyObject] => [
  name,
  algorithmNamed(name)!,
  keyFor(name),
]);

const otherNames = ['HS256', 'HS512', 'ES256K', 'Ed448', 'RS1', 'RSA-OAEP', 'none', '', 'rs256', '__proto__'];

it('has every algorithm of RFC 7518 section 3.1 for RSA and EC, and Ed25519 by both of its names', () => {
  const sizes = ['256', '384', '512'];
  const families = ['RS', 'PS', 'ES'].flatMap((family) => sizes.map((size) => family + size));
  expect(signingAlgorithms).toEqual([...families, 'EdDSA', 'Ed25519']);
  expect(algorithmNamed('Ed25519')).toBe(algorithmNamed('EdDSA'));
  expect(otherNames.filter((name) => isSigningAlgorithm(name) || algorithmNamed(name))).toEqual([]);
});

describe.each(named)('%s', (name, row, keyObject) => {
  const jwt = new JwtService({ key: described(name) });

  it('signs what jose verifies, and says so in header and key set', async () => {
    const token = await jwt.sign({ sub: 'alice' });
    const [jwk] = jwt.getKeySet().keys;
    expect(headerOf(token)).toEqual({ typ: 'JWT', alg: name, kid: jwk!.kid });
    expect(jwk).toMatchObject({ alg: name, use: 'sig' });
    await expect(jwtVerify(token, createLocalJWKSet(jwt.getKeySet()))).resolves.toMatchObject({
      payload: { sub: 'alice' },
    });
    await expect(jwt.verify(token)).resolves.toMatchObject({ sub: 'alice' });
  });

  it('verifies what jose signs', async () => {
    const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: name }).sign(keyObject);
    await expect(jwt.verify(token)).resolves.toEqual({ a: 1 });
    const [header, payload, signature] = token.split('.') as [string, string, string];
    const otherPayload = Buffer.from('{"a":2}').toString('base64url');
    expect(payload).not.toBe(otherPayload);
    const error = await rejectionOf(jwt.verify(`${header}.${otherPayload}.${signature}`));
    expect(error.code).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
  });

  it('publishes public members only, and has one kid for PEM, JWK and KeyObject', async () => {
    const { kid, use: _use, alg: _alg, ...members } = jwt.getKeySet().keys[0]!;
    const exported = await exportJWK(createPublicKey(keyObject));
    expect(members).toEqual(exported);
    expect(kid).toBe(thumbprintOf(createPublicKey(keyObject)));
    for (const key of [jwkOf(keyObject), pemOf(keyObject)]) {
      expect(new JwtService({ key: { key, algorithm: name } }).getKeySet().keys[0]!.kid).toBe(kid);
    }
  });

  it('RFC 8725 section 3.1: a token under any other algorithm is refused, though the key is ours', async () => {
    const { kid } = jwt.getKeySet().keys[0]!;
    const others = [...signingAlgorithms, ...otherNames].filter((alg) => algorithmNamed(alg) !== row);
    expect(others.length).toBeGreaterThan(signingAlgorithms.length);
    for (const alg of others) {
      const other = algorithmNamed(alg);
      // Signed as it says where the key can, so that the name alone is wrong.
      const token = signedAs(other && fits(keyObject, other) ? other : row, keyObject, { alg, kid }, {});
      const error = await rejectionOf(jwt.verify(token));
      expect([alg, error.code]).toEqual([alg, 'OIDC_TOKEN_INVALID_ALGORITHM']);
    }
  });

  it('`generate` is told enough to make a key that fits, and the key alone says which row is its default', () => {
    expect(algorithms.filter((each) => fits(keyObject, each))).toContain(row);
    const sameKind = algorithms.filter(({ objectIdentifier, curve }) =>
      [objectIdentifier, curve].every((each) => [row.objectIdentifier, row.curve].includes(each)),
    );
    expect(defaultAlgorithmOf(keyObject)).toBe(sameKind[0]);
    const der = keyObject.export({ format: 'der', type: 'pkcs8' });
    expect(der.includes(Buffer.from(row.objectIdentifier, 'hex'))).toBe(true);
  });

  it('has private members in its table that make all the difference between the two halves of a JWK', () => {
    const [own, published] = [jwkOf(keyObject), jwkOf(createPublicKey(keyObject))];
    const difference = Object.keys(own).filter((member) => !(member in published));
    expect(difference.toSorted()).toEqual(row.jwk.privateMembers.toSorted());
  });

  it('is refused as an algorithm of a key of another kind', () => {
    const misfit = named.find(([, , key]) => !fits(key, row))!;
    const error = errorOf(() => new JwtService({ key: { key: misfit[2], algorithm: name } }));
    expect(error.code).toBe('OIDC_KEY_UNSUPPORTED');
    expect(error.message).toContain(row.keyDescription);
  });
});

describe('OpenID Connect Core section 3.1.3.6: at_hash', () => {
  /** The hash of each algorithm, as its own standard has it. */
  const hashes: Readonly<Record<SigningAlgorithm, string>> = {
    RS256: 'sha256',
    RS384: 'sha384',
    RS512: 'sha512',
    PS256: 'sha256',
    PS384: 'sha384',
    PS512: 'sha512',
    ES256: 'sha256',
    ES384: 'sha384',
    ES512: 'sha512',
    EdDSA: 'sha512',
    Ed25519: 'sha512',
  };

  it.each(signingAlgorithms)('with the hash of %s', (name) => {
    const ring = ringOf({ key: described(name) });
    const token = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
    const whole = createHash(hashes[name]).update(token, 'ascii').digest('hex');
    const leftHalf = Buffer.from(whole.slice(0, whole.length / 2), 'hex');
    expect(new KeyInfo(() => ring).tokenHash(token)).toBe(leftHalf.toString('base64url'));
  });

  it('with the hash of the algorithm that is asked for, and refuses one that no key has', () => {
    const keyInfo = new KeyInfo(() => ringOf({ key: [described('RS256'), described('EdDSA')] }));
    expect(keyInfo.tokenHash('a')).toBe(keyInfo.tokenHash('a', 'RS256'));
    expect(keyInfo.tokenHash('a')).toHaveLength(22);
    expect(keyInfo.tokenHash('a', 'EdDSA')).toHaveLength(43);
    expect(() => keyInfo.tokenHash('a', 'ES256')).toThrow(
      expect.objectContaining({ code: 'OIDC_KEY_NONE_TO_SIGN' }),
    );
  });

  it('the example of appendix A.3, an ID token by RS256', () => {
    const ring = ringOf({ key: described('RS256') });
    const token = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
    expect(new KeyInfo(() => ring).tokenHash(token)).toBe('77QmUPtjPfzWtF2AnpK9RQ');
  });
});

it.each([
  ['ES256', 64, 'sha256'],
  ['ES384', 96, 'sha384'],
  ['ES512', 132, 'sha512'],
] as const)('RFC 7518 section 3.4: a signature by %s is R and S, %d bytes', async (name, length, hash) => {
  const jwt = new JwtService({ key: described(name) });
  for (let count = 0; count < 20; count++) {
    const [header, payload, signature] = (await jwt.sign({ count })).split('.') as [string, string, string];
    const bytes = Buffer.from(signature, 'base64url');
    expect(bytes).toHaveLength(length);
    const publicKey = { key: createPublicKey(keyFor(name)), dsaEncoding: 'ieee-p1363' } as const;
    expect(verify(hash, Buffer.from(`${header}.${payload}`), publicKey, bytes)).toBe(true);
  }
});

it('RFC 8037 appendix A.3: the thumbprint of the example key', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  expect(thumbprintOf(createPublicKey({ key: jwk, format: 'jwk' }))).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
});

describe('RFC 9864: the two names of one algorithm', () => {
  const ed25519 = keyFor('EdDSA');
  const jwk = jwkOf(ed25519);
  const stranger = makeKeyPair('ed25519').privateKey;
  const both = ['EdDSA', 'Ed25519'] as const;

  it.each([
    ['a PEM', pemOf(ed25519), 'EdDSA'],
    ['a KeyObject', ed25519, 'EdDSA'],
    ['a JWK without alg', jwk, 'EdDSA'],
    ['a JWK that says EdDSA', { ...jwk, alg: 'EdDSA' }, 'EdDSA'],
    ['a JWK that says Ed25519', { ...jwk, alg: 'Ed25519' }, 'Ed25519'],
    ['JSON that says Ed25519', JSON.stringify({ ...jwk, alg: 'Ed25519' }), 'Ed25519'],
    ['a description that says Ed25519', { key: pemOf(ed25519), algorithm: 'Ed25519' }, 'Ed25519'],
    [
      'a description that says EdDSA of a JWK that says Ed25519',
      { key: { ...jwk, alg: 'Ed25519' }, algorithm: 'EdDSA' },
      'EdDSA',
    ],
  ] as const)('%s signs and is published by its name', async (_, key, name) => {
    const jwt = new JwtService({ key });
    expect(headerOf(await jwt.sign({})).alg).toBe(name);
    expect(jwt.getKeySet().keys[0]!.alg).toBe(name);
    const ring = ringOf({ key });
    expect([new KeyInfo(() => ring).algorithm, new KeyInfo(() => ring).algorithms]).toEqual([name, [name]]);
  });

  describe.each(both)('a key that is written as %s', (written) => {
    const jwt = new JwtService({ key: { key: ed25519, algorithm: written } });

    it.each(both)('verifies a token that says %s, with a kid and without', async (alg) => {
      const { kid } = jwt.getKeySet().keys[0]!;
      for (const header of [{ alg }, { alg, kid }]) {
        await expect(jwt.verify(forge(ed25519, header, { a: 1 }, null))).resolves.toEqual({ a: 1 });
        const error = await rejectionOf(jwt.verify(forge(stranger, header, { a: 1 }, null)));
        expect(error.code).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
      }
    });

    it.each(both)('signs where %s is asked for, by its own name', async (algorithm) => {
      expect(headerOf(await jwt.sign({}, { algorithm })).alg).toBe(written);
      const byOption = new JwtService({ key: { key: ed25519, algorithm: written }, algorithm });
      expect(headerOf(await byOption.sign({})).alg).toBe(written);
    });

    it.each(both)('is accepted where a caller allows %s', async (allowed) => {
      for (const alg of both) {
        const token = forge(ed25519, { alg }, { a: 1 }, null);
        await expect(jwt.verify(token, { algorithms: [allowed] })).resolves.toEqual({ a: 1 });
        const error = await rejectionOf(jwt.verify(token, { algorithms: ['RS256'] }));
        expect(error.code).toBe('OIDC_TOKEN_INVALID_ALGORITHM');
      }
    });
  });

  it('two current keys by these names are two of one algorithm', () => {
    const key = [
      { key: ed25519, algorithm: 'EdDSA' as const },
      { key: stranger, algorithm: 'Ed25519' as const },
    ];
    const error = errorOf(() => new JwtService({ key, algorithm: 'EdDSA' }));
    expect(error.code).toBe('OIDC_KEY_SEVERAL');
    expect(error.message).toMatch(/entry 1 of 2.*entry 2 of 2/);
  });
});

describe('several current keys, one for each algorithm', () => {
  const everyKey = algorithms.map(({ names }) => described(names[0]));
  const [rsa, pss, ec, ed25519] = (['RS256', 'PS256', 'ES256', 'EdDSA'] as const).map(keyFor) as [
    KeyObject,
    KeyObject,
    KeyObject,
    KeyObject,
  ];
  const jwt = new JwtService({ key: everyKey });

  it('RS256 signs by default, and any other is picked by name', async () => {
    expect(headerOf(await jwt.sign({})).alg).toBe('RS256');
    for (const [algorithm, row] of named) {
      const token = await jwt.sign({}, { algorithm });
      expect(headerOf(token).alg).toBe(row.names[0]);
      await expect(jwt.verify(token)).resolves.toBeDefined();
    }
  });

  it('stand in one value as PEM blocks or as a JWK Set', async () => {
    const pems = new JwtService({ key: pemOf(rsa) + pemOf(ec) + pemOf(ed25519) });
    expect(headerOf(await pems.sign({}, { algorithm: 'ES256' })).alg).toBe('ES256');
    const set = { keys: [jwkOf(ec), { ...jwkOf(pss), alg: 'PS256' }] };
    const jwks = new JwtService({ key: JSON.stringify(set), algorithm: 'PS256' });
    expect(headerOf(await jwks.sign({})).alg).toBe('PS256');
  });

  it('the option algorithm decides the default; without it RS256, or the only one, or the boot stops', async () => {
    const algOf = async (options: JwtServiceOptions) => headerOf(await new JwtService(options).sign({})).alg;
    expect(await algOf({ key: [pemOf(ec), pemOf(ed25519)], algorithm: 'Ed25519' })).toBe('EdDSA');
    expect(await algOf({ key: [rsa, ec], algorithm: 'ES256' })).toBe('ES256');
    expect(await algOf({ key: ec })).toBe('ES256');
    const undecided = errorOf(() => new JwtService({ key: [ec, ed25519] }));
    expect([undecided.code, /option "algorithm"/.test(undecided.message)]).toEqual([
      'OIDC_KEY_NONE_TO_SIGN',
      true,
    ]);
    for (const key of [ec, [rsa, ec]]) {
      const error = errorOf(() => new JwtService({ key, algorithm: 'Ed25519' }));
      expect([error.code, /option "key".*Ed25519/.test(error.message)]).toEqual([
        'OIDC_KEY_NONE_TO_SIGN',
        true,
      ]);
    }
  });

  it('an algorithm without a current key is refused when it is asked for', async () => {
    const error = await rejectionOf(
      new JwtService({ key: rsa, nextKeys: ec }).sign({}, { algorithm: 'ES256' }),
    );
    expect(error.code).toBe('OIDC_KEY_NONE_TO_SIGN');
  });

  it.each(['constructor', 'toString', ['RS256']])('there is no algorithm %j', (algorithm) => {
    const key = { key: pemOf(rsa), algorithm: algorithm as SigningAlgorithm };
    expect(errorOf(() => new JwtService({ key })).code).toBe('OIDC_KEY_UNSUPPORTED');
  });

  it('KeyInfo lists what can sign, for the discovery document', () => {
    const ring = ringOf({ key: everyKey, nextKeys: makeKeyPair('ed25519').privateKey });
    const info = new KeyInfo(() => ring);
    expect([info.algorithm, info.algorithms]).toEqual([
      'RS256',
      ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
    ]);
  });
});
