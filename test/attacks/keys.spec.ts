import { createPublicKey } from 'node:crypto';

import { AuthorizationServer, JwtService as TheirJwtService } from '@jmondi/oauth2-server';
import { describe, expect, it } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { JwtService } from 'nestjs-oidc-key';

import { errorOf, rejectionOf } from '../support/errors.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { forgeHmac, headerOf, payloadOf, publicPemOf } from '../support/tokens.js';

const key = makeRsaKey();
const jwt = new JwtService({ key });

describe('attack 1: the key set', () => {
  it('is there at once, and is no promise, which a server would serve as {}', () => {
    const set = jwt.getKeySet();
    expect(set).not.toHaveProperty('then');
    expect(JSON.parse(JSON.stringify(set))).toEqual({
      keys: [{ kty: 'RSA', n: jwkOf(key).n, e: 'AQAB', use: 'sig', alg: 'RS256', kid: expect.any(String) }],
    });
  });

  it('has the thumbprint of RFC 7638 as kid, which the header of each token names', async () => {
    const [jwk] = jwt.getKeySet().keys;
    expect(jwk!.kid).toBe(await calculateJwkThumbprint(createPublicKey(key).export({ format: 'jwk' })));
    expect(headerOf(await jwt.sign({ a: 1 })).kid).toBe(jwk!.kid);
  });

  it('is a copy: whoever changes it changes nothing that is published or trusted', async () => {
    const token = await jwt.sign({ a: 1 });
    const set = jwt.getKeySet();
    Object.assign(set.keys[0]!, { n: jwkOf(makeRsaKey()).n, kid: 'theirs' });
    set.keys.length = 0;
    expect(jwt.getKeySet().keys).toHaveLength(1);
    expect(jwt.getKeySet().keys[0]!.kid).toBe(headerOf(token).kid);
    await expect(jwt.verify(token)).resolves.toMatchObject({ a: 1 });
  });
});

/** How a PEM reaches a server through an environment that knows no line breaks. */
const mangled: [string, (pem: string) => string][] = [
  ['as it is', (pem) => pem],
  ['with literal \\n', (pem) => pem.replaceAll('\n', '\\n')],
  ['in base64', (pem) => Buffer.from(pem).toString('base64')],
];

describe('attack 2: the text of a PEM is never the secret of HS256', () => {
  it.each(mangled)('a private one %s signs RS256', async (_, mangle) => {
    const text = mangle(pemOf(key));
    const token = await new JwtService({ key: text }).sign({ a: 1 });
    expect(headerOf(token).alg).toBe('RS256');
    await expect(jwt.verify(token)).resolves.toMatchObject({ a: 1 });
    const forged = forgeHmac(text, { alg: 'HS256', kid: headerOf(token).kid }, { a: 1 });
    expect((await rejectionOf(jwt.verify(forged))).message).toBe('invalid algorithm');
  });

  it.each(mangled)('a public one %s signs nothing', (_, mangle) => {
    expect(errorOf(() => new JwtService({ key: mangle(publicPemOf(key)) })).code).toBe(
      'OIDC_KEY_NOT_PRIVATE',
    );
  });

  it.each(mangled)('a truncated one %s signs nothing', (_, mangle) => {
    const error = errorOf(() => new JwtService({ key: mangle(pemOf(key).slice(0, 900)) }));
    expect(error.code).toBe('OIDC_KEY_MALFORMED');
  });
});

describe('attack 4: a string as fourth argument of AuthorizationServer', () => {
  it.each(mangled)('is a secret of HS256 to 4.3.7, also when it is our public PEM %s', async (_, mangle) => {
    const text = mangle(publicPemOf(key));
    // The weakness itself, so that this test says when it is gone.
    const { jwt: theirs } = new AuthorizationServer({} as never, {} as never, {} as never, text) as never as {
      jwt: TheirJwtService;
    };
    expect(theirs).toBeInstanceOf(TheirJwtService);
    const forged = await theirs.sign({ sub: 'alice' });
    expect(forged).toBe(forgeHmac(text, headerOf(forged), payloadOf(forged)));
    expect((await rejectionOf(jwt.verify(forged))).message).toBe('invalid algorithm');
  });
});
