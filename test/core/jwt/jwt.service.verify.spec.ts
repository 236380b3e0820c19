import { createPublicKey } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { JwtService } from '../../../lib/core/jwt/jwt.service.js';
import { describeVerifying } from '../../support/contract-of-verifying.js';
import { rejectionOf } from '../../support/errors.js';
import { makeRsaKey } from '../../support/keys.js';
import { forge } from '../../support/tokens.js';

const key = makeRsaKey();
const jwt = new JwtService({ key });

describeVerifying(
  () => jwt,
  async (header, payload) => forge(key, header, payload),
);

describe('the keys that are tried', () => {
  const [current, next, previous, older] = [key, makeRsaKey(), makeRsaKey(), makeRsaKey()];
  const many = new JwtService({
    key: current,
    nextKeys: next,
    previousKeys: [createPublicKey(previous), createPublicKey(older)],
  });
  const kidOf = (each: typeof key) => new JwtService({ key: each }).getKeySet().keys[0]!.kid;

  it.each([
    ['current', current],
    ['next', next],
    ['previous', previous],
    ['older', older],
  ])('with a kid: the %s key', async (_, signer) => {
    await expect(many.verify(forge(signer, { alg: 'RS256', kid: kidOf(signer) }, { a: 1 }))).resolves.toEqual(
      { a: 1 },
    );
  });

  it('with a kid that no slot holds: none', async () => {
    for (const kid of ['unknown', '', '__proto__', 1, null, {}, [kidOf(current)]]) {
      const error = await rejectionOf(many.verify(forge(current, { alg: 'RS256', kid }, {})));
      expect([error.code, error.message]).toEqual(['OIDC_TOKEN_INVALID_SIGNATURE', 'invalid signature']);
    }
  });

  it('with the kid of another key: that one only', async () => {
    const error = await rejectionOf(many.verify(forge(current, { alg: 'RS256', kid: kidOf(previous) }, {})));
    expect(error.message).toBe('invalid signature');
  });

  it('without a kid: current and previous, never next', async () => {
    for (const signer of [current, previous, older]) {
      await expect(many.verify(forge(signer, { alg: 'RS256' }, { a: 1 }))).resolves.toEqual({ a: 1 });
    }
    expect((await rejectionOf(many.verify(forge(next, { alg: 'RS256' }, {})))).message).toBe(
      'invalid signature',
    );
  });
});

describe('decode', () => {
  it('is null for what verify calls no JWT', async () => {
    const token = await jwt.sign({});
    for (const each of [`${token}\n`, ` ${token}`, `${token}=`]) expect(jwt.decode(each)).toBeNull();
  });

  it('gives the claims of any JWT, without verifying', async () => {
    expect(jwt.decode(forge(makeRsaKey(), { alg: 'RS256' }, { a: 1 }))).toEqual({ a: 1 });
    expect(jwt.decode(await jwt.sign('{"auth_code_id":"1"}'))).toEqual({ auth_code_id: '1' });
  });

  it.each([
    '',
    'x',
    'a.b',
    'a.b.c',
    'e30.e30',
    'e30.e30.x.y',
    'bnVsbA.e30.',
    'e30.W10.',
    'e30.bnVsbA.',
    undefined,
    null,
    1,
    {},
    [],
    Buffer.from('a'),
  ])('is null for %p', (token) => expect(jwt.decode(token as string)).toBeNull());
});
