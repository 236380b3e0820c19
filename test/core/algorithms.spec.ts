import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, exportJWK, jwtVerify, SignJWT } from 'jose';

import type { SigningAlgorithm } from '../../lib/core/algorithms.js';
import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import { KeyInfo } from '../../lib/core/ring/key-info.js';
import { KeyRing } from '../../lib/core/ring/key-ring.js';
import type { KeyInput } from '../../lib/core/reading/key-material.js';
import { settingsFromOptions } from '../../lib/core/reading/key-settings.js';
import { thumbprintOf } from '../../lib/core/key/public-jwk.js';
import { loadSlotsNow } from '../../lib/core/ring/slots.js';
import { errorOf, rejectionOf } from '../support/errors.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { forge, headerOf } from '../support/tokens.js';

const rsa = makeRsaKey();
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const ed25519 = generateKeyPairSync('ed25519').privateKey;
const pss = makeRsaKey();

const keys: [SigningAlgorithm, KeyInput, KeyObject][] = [
  ['RS256', pemOf(rsa), rsa],
  ['PS256', { ...jwkOf(pss), alg: 'PS256' }, pss],
  ['ES256', pemOf(ec), ec],
  ['Ed25519', pemOf(ed25519), ed25519],
];
const everyKey = keys.map(([, key]) => key);

describe.each(keys)('%s', (algorithm, key, keyObject) => {
  const jwt = new JwtService({ key });

  it('signs what jose verifies, and says so in header and key set', async () => {
    const token = await jwt.sign({ sub: 'alice' });
    const [jwk] = jwt.getKeySet().keys;
    expect(headerOf(token)).toEqual({ typ: 'JWT', alg: algorithm, kid: jwk!.kid });
    expect(jwk).toMatchObject({ alg: algorithm, use: 'sig' });
    await expect(jwtVerify(token, createLocalJWKSet(jwt.getKeySet()))).resolves.toMatchObject({
      payload: { sub: 'alice' },
    });
    await expect(jwt.verify(token)).resolves.toMatchObject({ sub: 'alice' });
  });

  it('verifies what jose signs', async () => {
    const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: algorithm }).sign(keyObject);
    await expect(jwt.verify(token)).resolves.toEqual({ a: 1 });
  });

  it('publishes public members only, and has one kid for PEM, JWK and KeyObject', async () => {
    const { kid, use: _use, alg: _alg, ...members } = jwt.getKeySet().keys[0]!;
    const exported = await exportJWK(createPublicKey(keyObject));
    expect(members).toEqual(exported);
    expect(kid).toBe(thumbprintOf(createPublicKey(keyObject)));
    expect(new JwtService({ key: { key: jwkOf(keyObject), algorithm } }).getKeySet().keys[0]!.kid).toBe(kid);
  });

  it('RFC 8725 section 3.1: a token under any other algorithm is refused, though the key is ours', async () => {
    const { kid } = jwt.getKeySet().keys[0]!;
    for (const alg of ['RS256', 'RS384', 'PS256', 'PS512', 'ES256', 'ES384', 'Ed448', 'HS256', 'none']) {
      if (alg === algorithm) continue;
      const token = forge(keyObject, { alg, kid }, {}, algorithm === 'Ed25519' ? null : 'sha256');
      expect((await rejectionOf(jwt.verify(token))).code).toBe('OIDC_TOKEN_INVALID_ALGORITHM');
    }
  });
});

it('RFC 7518 section 3.4: an ES256 signature is R and S, 64 bytes', async () => {
  const token = await new JwtService({ key: ec }).sign({});
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const bytes = Buffer.from(signature, 'base64url');
  expect(bytes).toHaveLength(64);
  const publicKey = { key: createPublicKey(ec), dsaEncoding: 'ieee-p1363' } as const;
  expect(verify('sha256', Buffer.from(`${header}.${payload}`), publicKey, bytes)).toBe(true);
});

it('RFC 8037 appendix A.3: the thumbprint of the example key', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' };
  expect(thumbprintOf(createPublicKey({ key: jwk, format: 'jwk' }))).toBe(
    'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
  );
});

it('RFC 9864: EdDSA is accepted in a token and in a JWK, Ed25519 is written', async () => {
  const jwt = new JwtService({ key: { ...jwkOf(ed25519), alg: 'EdDSA' } });
  expect(headerOf(await jwt.sign({})).alg).toBe('Ed25519');
  const old = forge(ed25519, { alg: 'EdDSA' }, { a: 1 }, null);
  await expect(jwt.verify(old)).resolves.toEqual({ a: 1 });
  await expect(jwt.verify(old, { algorithms: ['Ed25519'] })).resolves.toEqual({ a: 1 });
  expect((await rejectionOf(jwt.verify(old, { algorithms: ['RS256'] }))).code).toBe(
    'OIDC_TOKEN_INVALID_ALGORITHM',
  );
});

describe('several current keys, one for each algorithm', () => {
  const jwt = new JwtService({ key: everyKey });

  it('RS256 signs by default, and any other is picked by name', async () => {
    expect(headerOf(await jwt.sign({})).alg).toBe('RS256');
    for (const [algorithm] of keys) {
      const token = await jwt.sign({}, { algorithm });
      expect(headerOf(token).alg).toBe(algorithm);
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

  it('without RS256, the option algorithm is the default, or the only key, or the boot stops', async () => {
    expect(
      headerOf(await new JwtService({ key: [pemOf(ec), pemOf(ed25519)], algorithm: 'Ed25519' }).sign({})).alg,
    ).toBe('Ed25519');
    expect(headerOf(await new JwtService({ key: ec }).sign({})).alg).toBe('ES256');
    for (const options of [{ key: [ec, ed25519] }, { key: ec, algorithm: 'Ed25519' as const }]) {
      const error = errorOf(() => new JwtService(options));
      expect([error.code, /option "algorithm"/.test(error.message)]).toEqual(['OIDC_KEY_NONE_TO_SIGN', true]);
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
    const ring = new KeyRing(
      loadSlotsNow(
        settingsFromOptions({ key: everyKey, nextKeys: generateKeyPairSync('ed25519').privateKey }),
      ),
    );
    const info = new KeyInfo(() => ring);
    expect([info.algorithm, info.algorithms]).toEqual(['RS256', ['RS256', 'PS256', 'ES256', 'Ed25519']]);
  });
});
