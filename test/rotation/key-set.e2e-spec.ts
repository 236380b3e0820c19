import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import { FileKeySource, JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeyInput, KeyRotationEvent, OidcKeyFactoryOptions } from 'nestjs-oidc-key';
import { createRemoteJWKSet, jwtVerify } from 'jose';

import { rotate } from '../../lib/core/key-set/rotate.js';
import type { KeySet } from '../../lib/core/key-set/key-set.js';
import { readStored } from '../../lib/core/key-set/plain-keys.js';
import { runLater } from '../../lib/core/key/steps.js';
import { encryptKeySet } from '../../lib/sources/encrypted-key-set.js';
import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { jwkOf, making, privateKeyNamed, written } from '../support/key-sets.js';
import { pemOf } from '../support/keys.js';
import { MountedSecret } from '../support/mounted-secret.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { headerOf } from '../support/tokens.js';
import { until } from '../support/waiting.js';

const secrets: MountedSecret[] = [];
const mount = (files: Record<string, string>) => {
  const secret = new MountedSecret(files);
  secrets.push(secret);
  return secret;
};
afterEach(async () => {
  await closeAll();
  for (const secret of secrets.splice(0)) secret.remove();
});

/** Propagation is 4 seconds, and a key goes 5 seconds after its successor signs. */
const seconds = { jwksMaxAge: 3, keySpread: 1, clockSkew: 0, keyRetention: 4 };
const figures = { ...seconds, propagationFloor: 0 };
/** Scaled time is for our own tests, so that no declaration has it. */
const scaled = figures as OidcKeyFactoryOptions;

const now = () => Math.floor(Date.now() / 1000);
const documentOf = (...keys: object[]) => JSON.stringify({ keys });
const withInstants = (kid: string, instants: object) => ({ ...jwkOf({ kid }), ...instants });
const publicJwkOf = (kid: string) => jwkOf({ kid, isPublic: true });

type Imports = NonNullable<Parameters<typeof boot>[1]['imports']>;

async function start(imports: Imports, [, adapter] = platforms[0]!) {
  const logger = new RecordingLogger();
  const { app, url, fetch } = await boot(adapter(), { imports }, undefined, logger);
  const rotation = app.get(KeyRotation);
  const events: KeyRotationEvent[] = [];
  rotation.events$.subscribe((event) => events.push(event));
  const slots = () => rotation.status().keys.map(({ kid, slot }) => `${kid} ${slot}`);
  const sign = () => app.get(JwtService).sign({});
  const published = async () => {
    const { keys } = (await (await fetch('/.well-known/jwks.json')).json()) as {
      keys: Record<string, unknown>[];
    };
    return keys;
  };
  return { app, url, rotation, events, slots, sign, published, logger };
}

const current = withInstants('a', { iat: now() - 9000, nbf: now() - 9000, exp: now() + 4_000_000 });
const waiting = withInstants('b', { iat: now(), nbf: now() + 4000 });
const document = documentOf(current, waiting);

describe.each(platforms)('a key set, on %s', (...platform) => {
  it.each<[string, () => Imports | Promise<Imports>]>([
    ['a variable', () => [configurationOf({ OIDC_PRIVATE_KEY: document }), OidcKeyModule.forRootAsync()]],
    [
      'a file that a variable names',
      () => [
        configurationOf({ OIDC_PRIVATE_KEY_FILE: mount({ keys: document }).path('keys') }),
        OidcKeyModule.forRootAsync(),
      ],
    ],
    [
      'an encrypted one',
      async () => [
        configurationOf({
          OIDC_PRIVATE_KEY: await encryptKeySet(document, 'correct horse'),
          OIDC_PRIVATE_KEY_PASSPHRASE: 'correct horse',
        }),
        OidcKeyModule.forRootAsync(),
      ],
    ],
    ['the option "key"', () => [OidcKeyModule.forRoot({ key: JSON.parse(document) as KeyInput })]],
    ['the option "key" as text', () => [OidcKeyModule.forRoot({ key: document })]],
    [
      'FileKeySource',
      () => [
        OidcKeyModule.forRoot({
          source: new FileKeySource({ current: mount({ keys: document }).path('keys') }),
        }),
      ],
    ],
  ])('boots from %s, and serves what is public alone', async (_, imports) => {
    const { slots, sign, published, rotation } = await start(await imports(), platform);
    expect(slots()).toEqual(['a current', 'b next']);
    expect(headerOf(await sign()).kid).toBe('a');
    const keys = await published();
    expect(keys.map(({ kid }) => kid)).toEqual(['a', 'b']);
    expect(keys.map((key) => Object.keys(key).toSorted().join())).toEqual(
      Array(2).fill('alg,crv,kid,kty,use,x,y'),
    );
    const { state, nextChangeAt, warnings } = rotation.status();
    expect({ state, nextChangeAt: Math.round(nextChangeAt!.getTime() / 1000), warnings }).toEqual({
      state: 'up',
      nextChangeAt: waiting.nbf,
      warnings: [],
    });
  });
});

describe('a key set that cannot be used', () => {
  it.each<[string, object, string]>([
    ['has next keys beside it', { OIDC_NEXT_KEYS: pemOf(privateKeyNamed('c')) }, 'OIDC_KEY_CONFLICT'],
    ['has an instant beside it', { OIDC_NEXT_KEY_ACTIVATES_AT: '2040-01-01T00:00:00Z' }, 'OIDC_KEY_CONFLICT'],
    ['is revoked as a whole', { OIDC_REVOKED_KIDS: 'a, b' }, 'OIDC_KEY_NONE_TO_SIGN'],
    ['is encrypted with another passphrase', { OIDC_PRIVATE_KEY_PASSPHRASE: 'wrong' }, 'OIDC_KEY_ENCRYPTED'],
    ['is encrypted, and no passphrase is set', {}, 'OIDC_KEY_ENCRYPTED'],
  ])('does not start where it %s', async (title, settings, code) => {
    const value = title.includes('encrypted') ? await encryptKeySet(document, 'right') : document;
    const error = await rejectionOf(
      start([configurationOf({ OIDC_PRIVATE_KEY: value, ...settings }), OidcKeyModule.forRootAsync()]),
    );
    expect(error.code).toBe(code);
    expect(error.message).toContain('OIDC_');
  });
});

describe('a live process', () => {
  const plain = pemOf(privateKeyNamed('a'));
  const ofPlain = () => runLater(readStored({ name: 'OIDC_PRIVATE_KEY', value: plain }));
  const rotated = async (set: KeySet, times = figures) =>
    written(await rotate(set, { t: now(), figures: times, make: making('b') }));
  const startFrom = (secret: MountedSecret, times: object = scaled) => {
    const source = new FileKeySource({ current: secret.path('keys') });
    return start([OidcKeyModule.forRootAsync({ useFactory: () => ({ ...times, source }) })]);
  };

  it('rotates a plain key by the document that a command writes, and no relying party sees a token fail', async () => {
    const secret = mount({ keys: plain });
    const { slots, sign, events, rotation, url } = await startFrom(secret);
    const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', url), {
      cacheMaxAge: seconds.jwksMaxAge * 1000,
      cooldownDuration: 30_000,
    });
    const kids = new Set<unknown>();
    const traffic = async () => {
      const before = await sign();
      // It lives for less than the retention.
      const isYoung = await wait(700, before);
      for (const token of [isYoung, await sign()])
        kids.add((await jwtVerify(token, jwks)).protectedHeader.kid);
    };
    const set = await rotated(await ofPlain());
    const [a, b] = set.keys.map(({ kid }) => kid);
    secret.swap({ keys: set.toText() });
    const over = new AbortController();
    const relyingParty = (async () => {
      while (!over.signal.aborted) await traffic();
    })();
    try {
      for (const wanted of [`${a} current,${b} next`, `${b} current,${a} previous`, `${b} current`]) {
        await until(() => slots().join() === wanted);
      }
    } finally {
      over.abort();
      await relyingParty;
    }
    expect([...kids]).toEqual([a, b]);
    expect(events.map(({ type }) => type)).toEqual(['published', 'loaded', 'promoted', 'retired']);
    expect(rotation.status().warnings).toEqual([]);
  });

  it('takes a revocation from a document of which the rest is broken, and says what is wrong', async () => {
    const secret = mount({ keys: document });
    const { slots, sign, published, rotation, app } = await startFrom(secret);
    const stolen = await sign();
    const revoked = { ...publicJwkOf('a'), revoked: { revoked_at: now() } };
    secret.swap({ keys: documentOf(revoked, { kty: 'EC', nbf: 'tomorrow' }) });
    await until(() => slots().join() === 'b current');
    expect(rotation.status()).toMatchObject({ state: 'degraded', failure: { code: 'OIDC_KEY_MALFORMED' } });
    expect((await published()).map(({ kid }) => kid)).toEqual(['b']);
    await expect(app.get(JwtService).verify(stolen)).rejects.toThrow();
    secret.swap({ keys: documentOf(revoked, waiting) });
    await until(() => rotation.status().state === 'up');
    expect(slots()).toEqual(['b current']);
  });

  it('becomes a key set and plain again, and loses no key whose tokens may live', async () => {
    const secret = mount({ keys: plain });
    // What is waited for here has to last, however busy the machine is.
    const times = { ...figures, jwksMaxAge: 0, keyRetention: 3600 };
    const { slots, sign, app, logger } = await startFrom(secret, times);
    const first = await sign();
    const set = await rotated(await ofPlain(), times);
    const [a, b] = set.keys.map(({ kid }) => kid);
    secret.swap({ keys: set.toText() });
    await until(() => slots().join() === `${b} current,${a} previous`);
    secret.swap({ keys: pemOf(privateKeyNamed('b')) });
    await until(() => logger.lines.flat().join().includes(`Key ${a} is no longer in the configuration`));
    expect(slots()).toEqual([`${b} current`, `${a} previous`]);
    await expect(app.get(JwtService).verify(first)).resolves.toBeDefined();
  });

  it('says that a document asks for less time than this server', async () => {
    const soon = withInstants('b', { iat: now(), nbf: now() + 60 });
    const { logger, rotation } = await start([
      configurationOf({ OIDC_PRIVATE_KEY: documentOf(current, soon) }),
      OidcKeyModule.forRootAsync(),
    ]);
    const warning = /is to sign 60 s after it is published.*asks for 3780 s and keeps to that/;
    expect(rotation.status().warnings).toEqual([expect.stringMatching(warning)]);
    expect(logger.lines.flat().join('\n')).toMatch(warning);
  });
});
