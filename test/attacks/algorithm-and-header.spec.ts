import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { describe, expect, it } from '@jest/globals';

import { JwtService } from '../../lib/core/jwt/jwt.service.js';
import type { VerifyOptions } from '../../lib/core/jwt/jwt-options.js';
import { rejectionOf } from '../support/errors.js';
import { jwkOf, makeRsaKey } from '../support/keys.js';
import { base64url, forge, forgeHmac, forgePss, headerOf, publicPemOf } from '../support/tokens.js';

const key = makeRsaKey();
const jwt = new JwtService({ key });
const kid = jwt.getKeySet().keys[0]!.kid;
const good = { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 60 };

/** What a caller may add; none of it may help an attacker. */
const callers: [string, VerifyOptions | undefined][] = [
  ['bare', undefined],
  ['with algorithms', { algorithms: ['RS256', 'HS256', 'none', 'RS512', 'PS256'] }],
  ['as introspection does', { ignoreExpiration: true, ignoreNotBefore: true }],
  ...['HS256', 'HS512', 'none', 'RS512', 'RS384', 'PS256', 'RS1', 'RS256'].map(
    (algorithm): [string, VerifyOptions] => [
      `with ${algorithm} alone, and no expiry`,
      { algorithms: [algorithm], ignoreExpiration: true, ignoreNotBefore: true },
    ],
  ),
];

async function refuseEverywhere(token: string): Promise<void> {
  for (const [, options] of callers) {
    const error = await rejectionOf(jwt.verify(token, options));
    expect(error.name).toBe('OidcTokenError');
    expect(error.code).toMatch(/^OIDC_TOKEN_(MALFORMED|INVALID_SIGNATURE|INVALID_ALGORITHM)$/);
  }
}

describe('attack 5: another algorithm', () => {
  const pem = publicPemOf(key);
  const modulus = jwkOf(key).n!;
  const secrets = {
    'public PEM': pem,
    'trimmed public PEM': pem.trim(),
    'PKCS#1 public PEM': createPublicKey(key).export({ format: 'pem', type: 'pkcs1' }).toString(),
    'public DER': createPublicKey(key).export({ format: 'der', type: 'spki' }),
    modulus: Buffer.from(modulus, 'base64url'),
    'modulus as text': modulus,
    'public JWK': JSON.stringify(jwt.getKeySet().keys[0]),
    kid,
    nothing: '',
  };

  it.each(Object.entries(secrets))('HS256 keyed with the %s', async (_, secret) => {
    await refuseEverywhere(forgeHmac(secret, { alg: 'HS256', kid }, good));
    await refuseEverywhere(forgeHmac(secret, { alg: 'HS256' }, good));
    await refuseEverywhere(forgeHmac(secret, { alg: 'RS256', kid }, good));
    await refuseEverywhere(forgeHmac(secret, { alg: 'HS512', kid }, good, 'sha512'));
  });

  it.each(['none', 'nOnE', 'NONE', '', undefined, null, 0, ['RS256'], 'rs256', 'RS256 '])(
    'alg %p',
    async (alg) => {
      const body = `${base64url({ alg, kid })}.${base64url(good)}`;
      const signature = forge(key, { alg, kid }, good).split('.')[2];
      await refuseEverywhere(`${body}.`);
      await refuseEverywhere(`${body}.${signature}`);
    },
  );

  it.each([
    ['RS512', 'sha512'],
    ['RS384', 'sha384'],
    ['PS256', 'sha256'],
    ['RS1', 'sha1'],
    ['EdDSA', 'sha256'],
    ['ES256', 'sha256'],
  ])('%s under our key', async (alg, hash) => {
    const token = alg === 'PS256' ? forgePss(key, { alg, kid }, good) : forge(key, { alg, kid }, good, hash);
    await refuseEverywhere(token);
    expect((await rejectionOf(jwt.verify(token))).code).toBe('OIDC_TOKEN_INVALID_ALGORITHM');
    await refuseEverywhere(forge(key, { alg: 'RS256', kid }, good, hash === 'sha256' ? 'sha512' : hash));
  });
});

describe('attack 6: a key that the token names', () => {
  const attacker = makeRsaKey();
  const attackerJwk = new JwtService({ key: attacker }).getKeySet().keys[0];

  it.each([
    ['jwk', { jwk: attackerJwk }],
    ['jwk without kid', { jwk: attackerJwk, kid: undefined }],
    ['x5c', { x5c: ['MIIB'] }],
    ['a foreign key under our kid', {}],
    ['an unknown kid', { kid: 'unknown' }],
    ['a kid that is a path', { kid: '../../dev/null' }],
  ])('%s', async (_, header) => {
    await refuseEverywhere(forge(attacker, { alg: 'RS256', kid, ...header }, good));
  });

  it.each(['jku', 'x5u'])('%s, which is not even fetched', async (member) => {
    let requests = 0;
    const theirs = createServer((_request, response) => {
      requests++;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [attackerJwk] }));
    });
    await once(theirs.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(theirs.address() as AddressInfo).port}/jwks.json`;
    for (const header of [{ kid }, { kid: attackerJwk!.kid }, {}]) {
      await refuseEverywhere(forge(attacker, { alg: 'RS256', [member]: url, ...header }, good));
    }
    expect(requests).toBe(0);
    theirs.close();
  });

  it.each(['unknown', '', '../../dev/null', 1, null, [kid], { a: kid }])(
    'a kid that is %j does not make our own key be tried',
    async (other) => refuseEverywhere(forge(key, { alg: 'RS256', kid: other }, good)),
  );

  it('no kid: verifies under our key, not under a foreign one', async () => {
    await expect(jwt.verify(forge(key, { alg: 'RS256' }, good))).resolves.toEqual(good);
    await refuseEverywhere(forge(attacker, { alg: 'RS256' }, good));
  });

  it.each([
    ['unknown crit', { crit: ['exp'], exp: 1 }],
    ['empty crit', { crit: [] }],
    ['crit that is no list', { crit: 'b64' }],
    ['crit of an absent member', { crit: ['nope'] }],
    ['b64: false', { b64: false, crit: ['b64'] }],
    ['b64: false without crit', { b64: false }],
    ['b64: true', { b64: true, crit: ['b64'] }],
  ])('%s', async (_, header) => {
    await refuseEverywhere(forge(key, { alg: 'RS256', kid, ...header }, good));
  });
});

describe('attack 7: parts that do not belong together', () => {
  it('header swap, payload swap, changed and cut signatures', async () => {
    const [h1, p1, s1] = (await jwt.sign({ a: 1 })).split('.') as [string, string, string];
    const [, p2, s2] = (await jwt.sign({ a: 2 })).split('.') as [string, string, string];
    const other = base64url({ alg: 'RS256', kid, typ: 'at+jwt' });
    for (const token of [`${other}.${p1}.${s1}`, `${h1}.${p2}.${s1}`, `${h1}.${p1}.${s2}`])
      await refuseEverywhere(token);
    const changed = (s1[0] === 'A' ? 'B' : 'A') + s1.slice(1);
    for (const s of [
      '',
      s1.slice(0, -1),
      s1.slice(0, 10),
      `${s1}A`,
      `${s1}=`,
      `${s1}==`,
      `${s1} `,
      changed,
    ]) {
      await refuseEverywhere(`${h1}.${p1}.${s}`);
    }
    for (const p of [`${p1}=`, `${p1}==`]) await refuseEverywhere(`${h1}.${p}.${s1}`);
  });

  it('one signature is written in one way only: unused bits of its last character are not free', async () => {
    const token = await jwt.sign({ a: 1 });
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const others = alphabet.split('').filter((last) => last !== token.at(-1));
    for (const last of others) await refuseEverywhere(token.slice(0, -1) + last);
  });

  it('2, 4 and 5 parts, and empty parts', async () => {
    const token = await jwt.sign({ a: 1 });
    const [h, p, s] = token.split('.');
    for (const each of [
      `${h}.${p}`,
      `${token}.`,
      `${token}.x`,
      `${h}.x.x.x.x`,
      `.${p}.${s}`,
      `${h}..${s}`,
      '..',
      '.',
      '',
      ` ${token}`,
      `${token}\n`,
    ]) {
      await refuseEverywhere(each);
    }
  });

  it('JSON serialization (RFC 7515 section 7.2)', async () => {
    const [header, payload, signature] = (await jwt.sign({ a: 1 })).split('.');
    await refuseEverywhere(JSON.stringify({ payload, protected: header, signature }));
    await refuseEverywhere({ payload, protected: header, signature } as never);
    const general = { payload, signatures: [{ protected: header, signature }] };
    await refuseEverywhere(JSON.stringify(general));
    await refuseEverywhere(general as never);
  });

  it.each([
    'null',
    '[]',
    '[{"a":1}]',
    '"text"',
    '1',
    'true',
    '',
    '{',
    '{"a":1}x',
    Buffer.from([0x7b, 0xff, 0x7d]),
    Buffer.from('{"a":"\xff"}', 'latin1'),
  ])('a payload that is no object: %p', async (payload) => {
    await refuseEverywhere(forge(key, { alg: 'RS256', kid }, payload));
  });

  it('1 MB', async () => {
    const big = 'x'.repeat(1_000_000);
    await refuseEverywhere(big);
    await refuseEverywhere(`${big}.${big}.${big}`);
    await refuseEverywhere(forge(makeRsaKey(), { alg: 'RS256', kid }, { big }));
    await refuseEverywhere(forge(key, { alg: 'RS256', kid: big }, good));
    await expect(jwt.verify(forge(key, { alg: 'RS256', kid }, { big }))).resolves.toEqual({ big });
  });

  it.each([undefined, null, 0, 1, true, {}, [], ['a.b.c'], Buffer.from('a.b.c'), Symbol('x'), () => 'a.b.c'])(
    'not a string: %p',
    async (token) => refuseEverywhere(token as string),
  );

  it('a header that is deep, is no object, or has a hostile member', async () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    for (const header of [deep, '[]', 'null', '"RS256"', `{"alg":"RS256","kid":${deep}}`]) {
      await refuseEverywhere(`${base64url(header)}.${base64url(good)}.AAAA`);
    }
    await refuseEverywhere(`${base64url('{"__proto__":{"alg":"RS256"}}')}.${base64url(good)}.AAAA`);
  });
});

describe('attack 8: what a caller of sign hands in', () => {
  it.each(['none', 'HS256', 'RS512', ''])('options.header.alg %p never reaches the wire', async (alg) => {
    const token = await jwt.sign({ a: 1 }, { header: { alg, kid: 'theirs', typ: 'at+jwt' } });
    expect(headerOf(token)).toEqual({ alg: 'RS256', kid, typ: 'at+jwt' });
    await expect(jwt.verify(token)).resolves.toMatchObject({ a: 1 });
  });

  it('the claims alg, typ and kid stay claims', async () => {
    const token = await jwt.sign({ alg: 'none', typ: 'at+jwt', kid: 'x' });
    expect(headerOf(token)).toEqual({ alg: 'RS256', kid, typ: 'JWT' });
  });
});
