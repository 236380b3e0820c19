import { createPublicKey, generatePrimeSync } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';
import type { JwtServiceOptions } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { KeyLoader } from '../../lib/core/ring/key-loader.js';
import { derElement } from '../support/der.js';
import { ed25519KeyOf, encoded, pointsOfSmallOrder } from '../support/ed25519.js';
import { errorOf, rejectionOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { root, run } from '../support/processes.js';
import {
  makeCompositeKey,
  makeFermatKey,
  makeRocaKey,
  makeSquareKey,
  makeUnbalancedKey,
  primeAfter,
  primeFor65537,
  productOfPrimes,
  rsaKeyOf,
  rsaPublicKeyOf,
} from '../support/weak-keys.js';

const prime = (bits: number) => generatePrimeSync(bits, { bigint: true });
const jwkOf = (key: KeyObject): JsonWebKey => key.export({ format: 'jwk' });
const sound = makeRsaKey();
const [p, q, r] = [primeFor65537(1024), primeFor65537(1024), primeFor65537(1024)];

function publicHalfOf(key: KeyObject): KeyObject {
  return key.type === 'public' ? key : createPublicKey(key);
}

function publicPemOf(key: KeyObject): string {
  return publicHalfOf(key).export({ format: 'pem', type: 'spki' }).toString();
}

/** A title, a key, the code of its refusal, and what the message says is wrong with it. */
type WeakKey = readonly [title: string, key: KeyObject, code: string, because: RegExp];

const tooWeak = (title: string, key: KeyObject, because: RegExp): WeakKey => [
  title,
  key,
  'OIDC_KEY_TOO_WEAK',
  because,
];

/** Public keys whose private half anybody can find, or that need none. */
const weakPublicKeys: WeakKey[] = [
  ...pointsOfSmallOrder().map(({ x, y }, index) =>
    tooWeak(
      `Ed25519 of small order, point ${index + 1} of 8`,
      ed25519KeyOf(encoded(y, x % 2n === 1n)),
      /small order/,
    ),
  ),
  tooWeak('Ed25519 of zeros', ed25519KeyOf(Buffer.alloc(32)), /small order/),
  ['Ed25519 off the curve', ed25519KeyOf(encoded(2n, false)), 'OIDC_KEY_MALFORMED', /no point/],
  tooWeak('RSA with the factor 3', rsaPublicKeyOf(3n * prime(2047)), /small factor/),
  tooWeak('RSA with the factor 65521', rsaPublicKeyOf(65521n * productOfPrimes(2, 2048)), /small factor/),
  tooWeak('RSA with an even modulus', rsaPublicKeyOf(2n * prime(2048)), /small factor/),
  tooWeak('RSA with one prime twice', rsaPublicKeyOf(p * p), /power/),
  tooWeak('RSA with one prime thrice', rsaPublicKeyOf(prime(700) ** 3n), /power/),
  tooWeak('RSA with a modulus that is prime', rsaPublicKeyOf(prime(2048)), /no product/),
  tooWeak('RSA with neighbouring primes', createPublicKey(makeFermatKey()), /close to each other/),
  tooWeak('RSA with close primes', rsaPublicKeyOf(p * primeAfter(p + (1n << 500n))), /close to each other/),
  tooWeak('RSA of a flawed chip', createPublicKey(makeRocaKey()), /ROCA/),
  tooWeak('RSA of 1024 bits', createPublicKey(makeRsaKey(1024)), /1024 bits/),
  tooWeak('RSA with the exponent 3', createPublicKey(makeRsaKey(2048, 3)), /exponent/),
  tooWeak('RSA with the exponent 1', rsaPublicKeyOf(p * q, 1n), /exponent/),
];

const weakPrivateKeys: WeakKey[] = [
  tooWeak('with neighbouring primes', makeFermatKey(), /primes .*can be found/),
  tooWeak('with a short prime', makeUnbalancedKey(), /primes .*can be found/),
  tooWeak('with the prime 65521', rsaKeyOf(primeFor65537(2048), 65521n), /primes .*can be found/),
  ['with one prime twice', makeSquareKey(), 'OIDC_KEY_MISMATCH', /do not belong together/],
  tooWeak('of a flawed chip', makeRocaKey(), /ROCA/),
  tooWeak('of 1024 bits', makeRsaKey(1024), /1024 bits/),
  tooWeak('with the exponent 3', makeRsaKey(2048, 3), /exponent/),
];

/** Keys that are sound one by one, and not beside each other. */
const related: [string, KeyObject, KeyObject][] = [
  ['share the first prime', rsaKeyOf(p, q), rsaKeyOf(p, r)],
  ['share the second prime', rsaKeyOf(p, q), rsaKeyOf(r, q)],
  ['share both primes, with another exponent', rsaKeyOf(p, q), rsaKeyOf(p, q, 65539n)],
  ['share a prime, and are of other lengths', rsaKeyOf(p, q), rsaKeyOf(p, primeFor65537(1030))],
];

/** Every form in which a setting or an option may hold a public key. */
const forms: [string, (key: KeyObject) => string | Buffer | KeyObject | JsonWebKey][] = [
  ['KeyObject', publicHalfOf],
  ['PEM', publicPemOf],
  ['DER', (key) => publicHalfOf(key).export({ format: 'der', type: 'spki' })],
  ['JWK', (key) => jwkOf(publicHalfOf(key))],
  ['JSON of a JWK Set', (key) => JSON.stringify({ keys: [jwkOf(publicHalfOf(key))] })],
];

const slots = ['key', 'nextKeys', 'previousKeys'] as const;
const optionsWith = (slot: (typeof slots)[number], key: unknown) =>
  ({ key: sound, [slot]: key }) as JwtServiceOptions;

/** The code of the error, and whether it names the slot, and says why and what to do. */
const seen = ({ code, message }: Error & { code?: string }, name: string, because: RegExp) => [
  code,
  message.startsWith(name),
  because.test(message),
  /generate` makes a key/.test(message),
];

afterEach(closeAll);

describe('attack 48: a public key with which anybody signs, in a JwtService', () => {
  it.each(weakPublicKeys)('%s is refused in previous, in any form', (_, key, code, because) => {
    for (const [, formOf] of forms) {
      const error = errorOf(() => new JwtService({ key: sound, previousKeys: formOf(key) }));
      expect(seen(error, 'The option "previousKeys"', because)).toEqual([code, true, true, true]);
    }
  });

  it.each(weakPublicKeys)(
    '%s is refused where a private key has to stand, as any public key is',
    (_, key) => {
      for (const slot of ['key', 'nextKeys'] as const) {
        const error = errorOf(() => new JwtService(optionsWith(slot, key)));
        expect(seen(error, `The option "${slot}"`, /public key/)).toEqual([
          'OIDC_KEY_NOT_PRIVATE',
          true,
          true,
          true,
        ]);
      }
    },
  );

  it.each(weakPrivateKeys)('a private RSA key %s is refused in every slot', (_, key, code, because) => {
    for (const slot of slots) {
      const error = errorOf(() => new JwtService(optionsWith(slot, key)));
      expect(seen(error, `The option "${slot}"`, because)).toEqual([code, true, true, true]);
    }
  });

  it.each([
    ['the product of two large primes', () => prime(512) * prime(512)],
    ['the product of 5 and a prime', () => 5n * prime(1022)],
    ['the product of 65521 and a prime', () => 65521n * prime(1008)],
  ])('a private RSA key whose p is %s is refused in every slot', (_, composite) => {
    const key = makeCompositeKey(composite);
    for (const slot of slots) {
      const error = errorOf(() => new JwtService(optionsWith(slot, key)));
      expect(seen(error, `The option "${slot}"`, /do not belong together/)).toEqual([
        'OIDC_KEY_MISMATCH',
        true,
        true,
        true,
      ]);
    }
  });

  it.each(related)('two keys that %s are refused in whatever slots they are', (_, one, other) => {
    const publicOther = createPublicKey(other);
    for (const options of [
      { key: one, nextKeys: other },
      { key: one, previousKeys: publicOther },
      { key: other, previousKeys: createPublicKey(one) },
      { key: sound, nextKeys: one, previousKeys: publicOther },
      { key: sound, nextKeys: [one, other] },
      { key: sound, previousKeys: [createPublicKey(one), makeRsaKey(), publicOther] },
      { key: [one, { key: other, algorithm: 'PS256' as const }] },
    ]) {
      const error = errorOf(() => new JwtService(options));
      expect([error.code, /share a prime.*Replace both/.test(error.message)]).toEqual([
        'OIDC_KEY_TOO_WEAK',
        true,
      ]);
    }
    expect(() => new JwtService({ key: one, previousKeys: createPublicKey(sound) })).not.toThrow();
  });

  it('each of these is refused for what it is: a sound key of its kind is taken in any form', () => {
    const kinds = [
      makeRsaKey(),
      makeKeyPair('ed25519').privateKey,
      ...['P-256', 'P-384', 'P-521'].map((namedCurve) => makeKeyPair('ec', { namedCurve }).privateKey),
    ];
    for (const key of kinds) {
      for (const [, formOf] of forms) {
        const jwt = new JwtService({ key: sound, previousKeys: formOf(key) });
        expect(jwt.getKeySet().keys).toHaveLength(2);
      }
    }
  });
});

describe('attack 48: a public key with which anybody signs, held by a signer', () => {
  const signer = {
    sign: async () => {
      throw new Error('asked');
    },
  };

  it.each(weakPublicKeys)('%s is refused before the signer is asked', async (_, key, code, because) => {
    for (const slot of [{ current: { key, signer } }, { current: sound, next: { key, signer } }]) {
      const error = await rejectionOf(new KeyLoader().load(slot, {}));
      expect(seen(error, 'The source’s slot', because)).toEqual([code, true, true, true]);
    }
  });
});

describe.each(platforms)(
  'attack 48: a public key with which anybody signs stops the boot on %s',
  (_, adapter) => {
    const bootWith = (options: JwtServiceOptions) =>
      boot(adapter(), { imports: [OidcKeyModule.forRoot(options)] });
    const bootFrom = (settings: object) =>
      boot(adapter(), {
        imports: [configurationOf(settings), OidcKeyModule.forRootAsync()],
      });

    it('in the options, where each slot that is tried is sound otherwise', async () => {
      const { app } = await bootWith({ key: sound, previousKeys: createPublicKey(rsaKeyOf(p, q)) });
      expect(app.get(JwtService).getKeySet().keys).toHaveLength(2);
    });

    it.each(weakPublicKeys)('%s', async (__, key, code, because) => {
      const fromOptions = await rejectionOf(bootWith({ key: sound, previousKeys: key }));
      expect(seen(fromOptions, 'The option "previousKeys"', because)).toEqual([code, true, true, true]);
      const settings = { OIDC_PRIVATE_KEY: pemOf(sound), OIDC_PREVIOUS_KEYS: publicPemOf(key) };
      expect(seen(await rejectionOf(bootFrom(settings)), 'OIDC_PREVIOUS_KEYS', because)).toEqual([
        code,
        true,
        true,
        true,
      ]);
    });

    it.each(weakPrivateKeys)('a private RSA key %s', async (__, key, code, because) => {
      for (const slot of slots) {
        const error = await rejectionOf(bootWith(optionsWith(slot, key)));
        expect(seen(error, `The option "${slot}"`, because)).toEqual([code, true, true, true]);
      }
      const settings = { OIDC_PRIVATE_KEY: pemOf(sound), OIDC_PREVIOUS_KEYS: pemOf(key, 'pkcs1') };
      expect(seen(await rejectionOf(bootFrom(settings)), 'OIDC_PREVIOUS_KEYS', because)).toEqual([
        code,
        true,
        true,
        true,
      ]);
    });

    it.each(related)('two keys that %s', async (__, one, other) => {
      const error = await rejectionOf(
        bootFrom({ OIDC_PRIVATE_KEY: pemOf(one), OIDC_PREVIOUS_KEYS: publicPemOf(other) }),
      );
      expect(error.code).toBe('OIDC_KEY_TOO_WEAK');
      expect(error.message).toMatch(/^OIDC_PREVIOUS_KEYS and OIDC_PRIVATE_KEY share a prime/);
    });
  },
);

/** The point at infinity as public key (SEC 1 section 2.3.3): a single zero. */
function infinityOn(curve: string): Buffer {
  const algorithm = ['2a8648ce3d0201', curve].map((oid) => derElement(0x06, Buffer.from(oid, 'hex')));
  const point = derElement(0x03, Buffer.from([0, 0]));
  return derElement(0x30, Buffer.concat([derElement(0x30, Buffer.concat(algorithm)), point]));
}

/** In a process of its own, which OpenSSL would end where the key is asked for anything. */
const program = (der: Buffer) => `
  import 'reflect-metadata';
  import { createPublicKey, generateKeyPairSync } from 'node:crypto';
  import { Module } from '@nestjs/common';
  import { NestFactory } from '@nestjs/core';
  import { JwtService, OidcKeyModule } from ${JSON.stringify(pathToFileURL(join(root, 'dist/bundle/index.js')).href)};

  const der = Buffer.from('${der.toString('hex')}', 'hex');
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const base64 = der.toString('base64');
  const pem = '-----BEGIN PUBLIC KEY-----\\n' + base64 + '\\n-----END PUBLIC KEY-----\\n';
  const forms = [der, pem, base64, createPublicKey({ key: der, format: 'der', type: 'spki' })];
  const codes = [];
  const tell = (error) => codes.push(error.code ?? error.message);
  const attempt = (options) => {
    try {
      new JwtService(options);
      codes.push('accepted');
    } catch (error) {
      tell(error);
    }
  };
  for (const form of forms) {
    for (const options of [{ key: form }, { key, nextKeys: form }, { key, previousKeys: form }]) attempt(options);
    class Application {}
    Module({ imports: [OidcKeyModule.forRoot({ key, previousKeys: form })] })(Application);
    await NestFactory.createApplicationContext(Application, { abortOnError: false, logger: false }).then(
      () => codes.push('accepted'),
      tell,
    );
  }
  console.log(codes.join(' '));
`;

it.each([
  ['P-256', infinityOn('2a8648ce3d030107')],
  ['P-384', infinityOn('2b81040022')],
  ['P-521', infinityOn('2b81040023')],
])('attack 48: the point at infinity on %s ends no process, and is refused', async (_, der) => {
  const args = ['--input-type=module', '--eval', program(der)];
  const { code, stdout, stderr } = await run(process.execPath, args);
  expect([code, stderr]).toEqual([0, '']);
  const perForm = [
    'OIDC_KEY_NOT_PRIVATE',
    'OIDC_KEY_NOT_PRIVATE',
    'OIDC_KEY_MALFORMED',
    'OIDC_KEY_MALFORMED',
  ];
  expect(stdout.trim().split(' ')).toEqual([...perForm, ...perForm, ...perForm, ...perForm]);
});
