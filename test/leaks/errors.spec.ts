import { describe, expect, it } from '@jest/globals';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { errorOf, everythingPrintedOf, rejectionOf } from '../support/errors.js';
import { derOf, jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { cleanEnvironment, run } from '../support/processes.js';
import { forge } from '../support/tokens.js';
import { encryptedPem, keys, passphrase, searchFor, settings } from './seeded-keys.js';

const { rsa, ec, ed25519 } = keys;

function expectNothingTold(error: Error, tokens: string[] = []): void {
  expect(error.cause).toBeUndefined();
  expect(searchFor(tokens).in(everythingPrintedOf(error) + error.stack)).toEqual([]);
}

/** Keys of every form, each with something wrong or in a place where it does not belong. */
const defective: [string, unknown][] = [
  ['PEM that is cut off', pemOf(rsa).slice(0, -200)],
  ['PEM that is altered', pemOf(rsa).replace('MII', 'AAA')],
  ['PEM with a stray character', pemOf(ec).replace('\n', '\n*')],
  ['PEM of PKCS#1 that is cut off', Buffer.from(pemOf(rsa, 'pkcs1').slice(0, -200))],
  ['encrypted PEM without passphrase', encryptedPem],
  ['encrypted PEM with a wrong passphrase', { key: encryptedPem, passphrase: `${passphrase}!` }],
  ['passphrase that is no text', { key: encryptedPem, passphrase: [passphrase] }],
  ['wrong passphrase in bytes', { key: encryptedPem, passphrase: Buffer.from(`${passphrase}!`) }],
  ['DER that is cut off', derOf(rsa).subarray(0, -20)],
  ['DER with something behind', Buffer.concat([derOf(ed25519), Buffer.from('x')])],
  ['DER in base64 that is cut off', derOf(ec).toString('base64').slice(0, -30)],
  ['JWK without its public half', { ...jwkOf(rsa), n: undefined }],
  ['JWK that is half', { ...jwkOf(rsa), q: undefined }],
  ['JWK of two keys', { ...jwkOf(rsa), d: jwkOf(keys.previous).d }],
  ['JWK of EC on another point', { ...jwkOf(ec), x: jwkOf(ec).y }],
  ['JWK with d as kid and a kid that is none', { ...jwkOf(ed25519), kid: { d: jwkOf(ed25519).d } }],
  ['JWK for an algorithm that is a key', { ...jwkOf(ec), alg: jwkOf(ec).d }],
  ['JWK of a kind that is a key', { ...jwkOf(ec), kty: jwkOf(ec).d }],
  ['JWK on a curve that is a key', { ...jwkOf(ec), crv: jwkOf(ec).d }],
  ['JWK for a use that is a key', { ...jwkOf(ec), use: jwkOf(ec).d, key_ops: [jwkOf(ec).d] }],
  ['JWK as text that is cut off', JSON.stringify(jwkOf(rsa)).slice(0, -9)],
  ['two keys of one algorithm', [rsa, keys.previous]],
  ['an algorithm that is a key', { key: rsa, algorithm: pemOf(rsa) }],
  ['a passphrase as key', passphrase],
  ['d as key', jwkOf(ed25519).d],
  ['an array of bytes', [...derOf(ed25519)]],
];

describe('the error of a key that is refused tells nothing of it', () => {
  it.each(defective)('%s', (_, key) => {
    expectNothingTold(errorOf(() => new JwtService({ key } as never)));
    expectNothingTold(errorOf(() => new JwtService(key as never)));
  });

  it('as an option of the module', () => {
    for (const [, key] of defective) {
      expectNothingTold(errorOf(() => OidcKeyModule.forRoot({ key: makeKey, jwks: { path: key } } as never)));
    }
  });
});

const makeKey = makeRsaKey();

it('an error of sign or verify tells nothing of key or token', async () => {
  const jwt = new JwtService({ key: [rsa, ed25519] });
  const token = await jwt.sign({ sub: 'alice', exp: 1e11 });
  const forged = forge(makeKey, { alg: 'RS256' }, { sub: 'mallory' });
  const expired = await jwt.sign({ sub: 'alice' }, { expiresIn: -1 });
  const cyclic: Record<string, unknown> = { token, pem: pemOf(rsa) };
  cyclic.self = cyclic;
  const options = ['typ', 'issuer', 'audience', 'subject', 'jwtid', 'nonce', 'requiredClaims', 'algorithms'];
  const calls = [
    () => jwt.sign(cyclic),
    () => jwt.sign({ sub: { token } }),
    () => jwt.sign({ aud: 7, token }),
    () => jwt.sign([token] as never),
    () => jwt.sign({}, { header: { typ: 7, token } } as never),
    () => jwt.sign({}, { algorithm: token } as never),
    () => jwt.sign(token, { subject: token }),
    () => jwt.verify(`${token}x`),
    () => jwt.verify(token.replace('.', '..')),
    () => jwt.verify({ token } as never),
    () => jwt.verify(forged),
    () => jwt.verify(expired),
    () => jwt.verify(token, token as never),
    ...options.flatMap((name) => [
      () => jwt.verify(token, { [name]: name === 'requiredClaims' || name === 'algorithms' ? ['x'] : token }),
      () => jwt.verify(token, { [name]: { token } as never }),
    ]),
  ];
  for (const call of calls) expectNothingTold(await rejectionOf(call()), [token, forged, expired]);
});

describe('what Node prints when nobody catches tells nothing of key or token', () => {
  const sealed = JSON.stringify(settings);
  const boot = (module: string) => `
    import 'reflect-metadata';
    import { Module } from '@nestjs/common';
    import { ConfigModule } from '@nestjs/config';
    import { NestFactory } from '@nestjs/core';
    import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
    class Application {}
    const config = (settings) =>
      ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true, skipProcessEnv: true, load: [() => settings] });
    Module({ imports: [${module}].flat() })(Application);
    const create = () => NestFactory.createApplicationContext(Application, { abortOnError: false });`;
  const good = `config(JSON.parse(process.env.SEEDED)), OidcKeyModule.forRootAsync()`;

  it.each([
    [
      'a boot that fails',
      `${boot(`config({ ...JSON.parse(process.env.SEEDED), OIDC_PRIVATE_KEY_PASSPHRASE: 'no' }), OidcKeyModule.forRootAsync()`)}
       void create();`,
      /OIDC_KEY_ENCRYPTED/,
    ],
    [
      'a source that throws a key',
      `${boot(`OidcKeyModule.forRoot({ source: { load: async () => { throw new Error(process.env.SEEDED, { cause: process.env.SEEDED }); } } })`)}
       void create();`,
      /OIDC_KEY_SOURCE_FAILED/,
    ],
    [
      'a service without Nest',
      `import { JwtService } from 'nestjs-oidc-key';
       new JwtService({ key: JSON.parse(process.env.SEEDED).OIDC_PRIVATE_KEY });`,
      /OIDC_KEY_ENCRYPTED/,
    ],
    [
      'a token that is refused',
      `${boot(good)}
       const jwt = (await create()).get(JwtService);
       void jwt.verify(process.env.TOKEN);`,
      /OIDC_TOKEN_INVALID_SIGNATURE/,
    ],
    [
      'a payload that is refused',
      `${boot(good)}
       const jwt = (await create()).get(JwtService);
       void jwt.sign({ token: process.env.TOKEN, n: 1n });`,
      /OIDC_TOKEN_INVALID_PAYLOAD/,
    ],
  ])('%s', async (_, script, code) => {
    const TOKEN = forge(makeKey, { alg: 'RS256' }, { sub: 'mallory' });
    const env = cleanEnvironment({ SEEDED: sealed, TOKEN });
    const {
      code: exit,
      stdout,
      stderr,
    } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
    expect([exit, stderr]).toEqual([1, expect.stringMatching(code)]);
    expect(searchFor([TOKEN]).in(stdout + stderr)).toEqual([]);
  });

  it('would be caught if it did', async () => {
    const script = `await Promise.reject(new Error('x', { cause: JSON.parse(process.env.SEEDED) }))`;
    const env = cleanEnvironment({ SEEDED: sealed });
    const { stderr } = await run(process.execPath, ['--input-type=module', '-e', script], { env });
    expect(searchFor().in(stderr).length).toBeGreaterThan(3);
  });
});
