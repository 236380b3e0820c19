import type { KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import {
  FileKeySource,
  JwtService,
  KeyInfo,
  KeyRotation,
  OidcKeyError,
  OidcKeyModule,
} from 'nestjs-oidc-key';
import type { KeyRotationEvent, KeySlots, KeySource } from 'nestjs-oidc-key';
import { ExpressAdapter } from '@nestjs/platform-express';

import { configurationOf } from '../support/configuration.js';
import type { NamedValue } from '../../lib/core/reading/named-value.js';
import { revocationsIn } from '../../lib/core/ring/members-of-slots.js';
import type { SigningKey } from '../../lib/core/key/signing-key.js';
import { FilesOfOneMoment } from '../../lib/sources/files/files.js';
import { everythingPrintedOf, rejectionOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { MountedSecret } from '../support/mounted-secret.js';
import { boot, closeAll, RecordingLogger } from '../support/platforms.js';
import { headerOf } from '../support/tokens.js';
import { until } from '../support/waiting.js';

const [a, b, c] = [makeRsaKey(), makeRsaKey(), makeRsaKey()];
const kidOf = (key: KeyObject) => new JwtService({ key }).getKeySet().keys[0]!.kid;
const farFuture = '2040-01-01T00:00:00Z';

const mounted: MountedSecret[] = [];
const mount = (files: Record<string, string>) => {
  const secret = new MountedSecret(files);
  mounted.push(secret);
  return secret;
};

afterEach(async () => {
  await closeAll();
  for (const secret of mounted.splice(0)) secret.remove();
});

/** A real application, and what one can see of its keys. */
async function start(imports: Parameters<typeof boot>[1]['imports'], logger = new RecordingLogger()) {
  const { app, fetch } = await boot(new ExpressAdapter(), { imports: imports! }, undefined, logger);
  const events: KeyRotationEvent[] = [];
  app.get(KeyRotation).events$.subscribe((event) => events.push(event));
  return { app, events, logger, view: () => viewOf(app), published: async () => publishedBy(fetch) };
}

async function publishedBy(fetch: (path: string) => Promise<Response>): Promise<string[]> {
  const { keys } = (await (await fetch('/.well-known/jwks.json')).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid).toSorted();
}

/** The names of the keys in each slot. */
function viewOf(app: INestApplicationContext): string {
  const names = new Map([a, b, c].map((key, index) => [kidOf(key), 'abc'[index]!]));
  const { keys } = app.get(KeyRotation).status();
  return ['current', 'next', 'previous']
    .map((slot) =>
      keys
        .filter((key) => key.slot === slot)
        .map(({ kid }) => names.get(kid) ?? '?')
        .join(),
    )
    .join(' | ');
}

const signedBy = async (app: INestApplicationContext) => headerOf(await app.get(JwtService).sign({})).kid;

describe('what triggers a reload', () => {
  it('ConfigService.set(), once for several values', async () => {
    const { app, events, view, published } = await start([
      configurationOf({ OIDC_PRIVATE_KEY: pemOf(a) }),
      OidcKeyModule.forRootAsync(),
    ]);
    const before = await app.get(JwtService).sign({});
    app.get(ConfigService).set('OIDC_NEXT_KEYS', pemOf(b));
    app.get(ConfigService).set('OIDC_PREVIOUS_KEYS', pemOf(c));
    await until(() => view() === 'a | b | c');
    await wait(300);
    expect(events.map(({ type }) => type)).toEqual(['published', 'published', 'loaded']);
    expect(events.slice(0, 2)).toEqual([
      { type: 'published', kid: kidOf(b), algorithm: 'RS256', slot: 'next', at: expect.any(Date) },
      { type: 'published', kid: kidOf(c), algorithm: 'RS256', slot: 'previous', at: expect.any(Date) },
    ]);
    expect(await published()).toEqual([a, b, c].map(kidOf).toSorted());
    await expect(app.get(JwtService).verify(before)).resolves.toBeDefined();
    expect(await signedBy(app)).toBe(kidOf(a));
  });

  it('a swap of a mounted secret, all of its files at once', async () => {
    const secret = mount({ current: pemOf(a), next: '', previous: '' });
    const settings = {
      OIDC_PRIVATE_KEY_FILE: secret.path('current'),
      OIDC_NEXT_KEYS_FILE: secret.path('next'),
      OIDC_PREVIOUS_KEYS_FILE: secret.path('previous'),
    };
    const { view } = await start([configurationOf(settings), OidcKeyModule.forRootAsync()]);
    expect(view()).toBe('a |  | ');
    secret.swap({ current: pemOf(b), previous: pemOf(a) });
    await until(() => view() === 'a | b | ');
    secret.swap({ current: pemOf(a), next: pemOf(b), previous: pemOf(c) });
    await until(() => view() === 'a | b | c');
  });

  it('a burst of swaps ends on the newest', async () => {
    const directory = mount({ 'current.pem': pemOf(a), 'next.pem': '' });
    const { view } = await start([
      OidcKeyModule.forRoot({ source: FileKeySource.inDirectory(directory.folder) }),
    ]);
    for (let round = 0; round < 12; round++) {
      directory.swap({ 'next.pem': round % 2 === 0 ? pemOf(c) : '' });
      await wait(round * 10);
    }
    directory.swap({ 'next.pem': pemOf(b) });
    await until(() => view().startsWith('a | b'));
    await wait(500);
    expect(view().startsWith('a | b')).toBe(true);
  });

  it('a change of an ordinary file', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'oidc-key-')), 'next.pem');
    writeFileSync(file, '');
    const { view } = await start([
      configurationOf({ OIDC_PRIVATE_KEY: pemOf(a), OIDC_NEXT_KEYS_FILE: file }),
      OidcKeyModule.forRootAsync(),
    ]);
    writeFileSync(file, pemOf(b));
    await until(() => view() === 'a | b | ');
  });

  it('the interval of a source that has to be asked', async () => {
    const slots: KeySlots = { current: a };
    const source: KeySource = { load: async () => slots };
    const { view } = await start([OidcKeyModule.forRoot({ source, reloadInterval: 1 })]);
    slots.next = b;
    await until(() => view() === 'a | b | ');
  });

  it('the watch of a source of one’s own, from a factory; it is ended with the application', async () => {
    const slots: KeySlots = { current: a };
    let tell: (() => void) | undefined;
    const source: KeySource = {
      load: async () => slots,
      watch: (changed) => {
        tell = changed;
        return () => (tell = undefined);
      },
    };
    const { app, view } = await start([OidcKeyModule.forRootAsync({ useFactory: () => ({ source }) })]);
    slots.next = b;
    tell!();
    await until(() => view() === 'a | b | ');
    await app.close();
    expect(tell).toBeUndefined();
    await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
  });

  it('a call; calls at once are one, and the last word wins', async () => {
    let loads = 0;
    const slots: KeySlots = { current: a };
    const source: KeySource = {
      load: async () => {
        loads += 1;
        await wait(50);
        return { ...slots };
      },
    };
    const { app, view } = await start([OidcKeyModule.forRoot({ source })]);
    const rotation = app.get(KeyRotation);
    const calls = [rotation.reload(), rotation.reload()];
    slots.next = b;
    calls.push(rotation.reload(), rotation.reload());
    await expect(Promise.all(calls)).resolves.toEqual([true, true, true, true]);
    expect([loads, view()]).toEqual([3, 'a | b | ']);
  });
});

describe('a reload of what has not changed', () => {
  it('parses nothing again, and keeps the very keys', async () => {
    const { app } = await start([
      configurationOf({ OIDC_PRIVATE_KEY: pemOf(a), OIDC_NEXT_KEYS: pemOf(b) }),
      OidcKeyModule.forRootAsync(),
    ]);
    const rotation = app.get(KeyRotation);
    const before = rotation.ring;
    await expect(rotation.reload()).resolves.toBe(true);
    expect(rotation.ring).toBe(before);
    for (const [index, { key }] of before.keys.entries()) expect(rotation.ring.keys[index]!.key).toBe(key);
    app.get(ConfigService).set('OIDC_NEXT_KEYS', pemOf(c));
    await rotation.reload();
    const kept: SigningKey = rotation.ring.signingKey();
    expect(rotation.ring).not.toBe(before);
    expect(kept.key).toBe(before.signingKey().key);
    expect(kept.signer).toBe(before.signingKey().signer);
  });
});

describe('a failed reload changes nothing', () => {
  const good = { OIDC_PRIVATE_KEY: pemOf(a), OIDC_NEXT_KEYS: pemOf(b), OIDC_PREVIOUS_KEYS: pemOf(c) };
  const unsupported = makeKeyPair('ec', { namedCurve: 'P-224' }).privateKey;
  const publicA = makeKeyPair('rsa', { modulusLength: 2048 })
    .publicKey.export({ format: 'pem', type: 'spki' })
    .toString();

  it.each([
    ['garbage', { OIDC_PRIVATE_KEY: 'garbage' }, 'OIDC_KEY_MALFORMED'],
    ['nothing', { OIDC_PRIVATE_KEY: '' }, 'OIDC_KEY_MISSING'],
    ['half a key', { OIDC_NEXT_KEYS: pemOf(b).slice(0, 800) }, 'OIDC_KEY_MALFORMED'],
    ['a public key as current', { OIDC_PRIVATE_KEY: publicA }, 'OIDC_KEY_NOT_PRIVATE'],
    ['a duplicate kid', { OIDC_NEXT_KEYS: pemOf(b) + pemOf(b, 'pkcs1') }, 'OIDC_KEY_DUPLICATE_KID'],
    ['a previous key that is current', { OIDC_PREVIOUS_KEYS: pemOf(a) }, 'OIDC_KEY_DUPLICATE_KID'],
    ['a key without an algorithm', { OIDC_NEXT_KEYS: pemOf(unsupported) }, 'OIDC_KEY_UNSUPPORTED'],
    ['a schedule that cannot be read', { OIDC_NEXT_KEY_ACTIVATES_AT: 'tomorrow' }, 'OIDC_KEY_INVALID_OPTION'],
    [
      'a schedule without a time zone',
      { OIDC_NEXT_KEY_ACTIVATES_AT: '2030-01-01T00:00:00' },
      'OIDC_KEY_INVALID_OPTION',
    ],
    [
      'a schedule for two next keys',
      { OIDC_NEXT_KEYS: pemOf(b) + pemOf(makeRsaKey()), OIDC_NEXT_KEY_ACTIVATES_AT: farFuture },
      'OIDC_KEY_AMBIGUOUS_NEXT',
    ],
  ])('%s', async (_, change, code) => {
    const { app, events, logger, view, published } = await start([
      configurationOf(good),
      OidcKeyModule.forRootAsync(),
    ]);
    const [before, jwks] = [view(), await published()];
    for (const [name, value] of Object.entries(change)) app.get(ConfigService).set(name, value);
    await until(() => events.some(({ type }) => type === 'reload-failed'));
    expect([view(), await published()]).toEqual([before, jwks]);
    expect(events[0]).toMatchObject({ type: 'reload-failed', code });
    expect(app.get(KeyRotation).status()).toMatchObject({
      state: 'degraded',
      failure: { code, since: expect.any(Date) },
    });
    expect(await signedBy(app)).toBe(kidOf(a));
    const printed = everythingPrintedOf(logger.lines);
    expect(printed).toContain(code);
    for (const key of [a, b, c]) for (const trace of privateTraces(key)) expect(printed).not.toContain(trace);

    for (const [name, value] of Object.entries({ ...good, OIDC_NEXT_KEY_ACTIVATES_AT: '' }))
      app.get(ConfigService).set(name, value);
    await until(() => app.get(KeyRotation).status().state === 'up');
    expect(view()).toBe(before);
  });

  it('and is tried again by itself, until the source is sound', async () => {
    let failures = 2;
    const source: KeySource = {
      load: async () => {
        if (failures > 0) throw new OidcKeyError('OIDC_KEY_SOURCE_FAILED', 'not yet');
        return { current: a, next: b };
      },
    };
    failures = 0;
    const { app, events, view } = await start([OidcKeyModule.forRoot({ source })]);
    failures = 2;
    const load = source.load.bind(source);
    source.load = async (signal) => load(signal).finally(() => (failures -= 1));
    await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
    await until(() => app.get(KeyRotation).status().state === 'up');
    expect(events.map(({ type }) => type)).toEqual(['reload-failed', 'reload-failed', 'loaded']);
    expect(view()).toBe('a | b | ');
  });

  it('and nothing that a source of one’s own throws is repeated', async () => {
    const slots: KeySlots = { current: a };
    let error: unknown;
    const source: KeySource = {
      load: async () => {
        if (error) throw error;
        return slots;
      },
    };
    const { app, logger, events } = await start([OidcKeyModule.forRoot({ source })]);
    for (error of [
      new Error(pemOf(a)),
      pemOf(a),
      { name: pemOf(a) },
      Object.assign(new Error('x'), { code: 'ECONNREFUSED' }),
    ]) {
      await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
    }
    const printed = everythingPrintedOf([logger.lines, events]);
    for (const trace of privateTraces(a)) expect(printed).not.toContain(trace);
    expect(printed).toMatch(/OIDC_KEY_SOURCE_FAILED.*ECONNREFUSED/s);
  });
});

describe('revocation', () => {
  it('takes effect at once, even where the rest of the change is garbage', async () => {
    const settings = { OIDC_PRIVATE_KEY: pemOf(a), OIDC_NEXT_KEYS: pemOf(b) };
    const { app, events, view, published } = await start([
      configurationOf(settings),
      OidcKeyModule.forRootAsync(),
    ]);
    const stolen = await app.get(JwtService).sign({});
    app.get(ConfigService).set('OIDC_REVOKED_KIDS', `${kidOf(a)}, unknown`);
    app.get(ConfigService).set('OIDC_PREVIOUS_KEYS', 'garbage');
    await until(() => events.some(({ type }) => type === 'reload-failed'));
    expect(events.map(({ type }) => type)).toEqual(['revoked', 'promoted', 'reload-failed']);
    expect([view(), await published()]).toEqual(['b |  | ', [kidOf(b)]]);
    await expect(app.get(JwtService).verify(stolen)).rejects.toThrow('invalid signature');
    expect(await signedBy(app)).toBe(kidOf(b));
    expect(app.get(KeyInfo).kid).toBe(kidOf(b));
  });

  it('of the only key leaves nothing to sign with, and health is down until there is a key', async () => {
    const { app, view, published } = await start([
      configurationOf({ OIDC_PRIVATE_KEY: pemOf(a) }),
      OidcKeyModule.forRootAsync(),
    ]);
    app.get(ConfigService).set('OIDC_REVOKED_KIDS', kidOf(a));
    await until(() => view() === ' |  | ');
    expect(await published()).toEqual([]);
    await expect(app.get(JwtService).sign({})).rejects.toMatchObject({ code: 'OIDC_KEY_NONE_TO_SIGN' });
    expect(app.get(KeyRotation).status().state).toBe('down');
    expect(app.get(JwtService).getKeySet()).toEqual({ keys: [] });
    app.get(ConfigService).set('OIDC_PRIVATE_KEY', pemOf(b));
    await until(() => view() === 'b |  | ');
    expect(app.get(KeyRotation).status().state).toBe('up');
  });

  it('at boot: the next key signs, and without one the boot stops', async () => {
    const revoked = { OIDC_PRIVATE_KEY: pemOf(a), OIDC_REVOKED_KIDS: kidOf(a) };
    const { view } = await start([
      configurationOf({ ...revoked, OIDC_NEXT_KEYS: pemOf(b) }),
      OidcKeyModule.forRootAsync(),
    ]);
    expect(view()).toBe('b |  | ');
    await expect(start([configurationOf(revoked), OidcKeyModule.forRootAsync()])).rejects.toMatchObject({
      code: 'OIDC_KEY_NONE_TO_SIGN',
      message: expect.stringMatching(/is revoked\. Put a new key/),
    });
  });
});

describe('a revocation with its replacement in one change', () => {
  it('never serves a set without a key', async () => {
    const slots: KeySlots = { current: a };
    const { app } = await start([OidcKeyModule.forRoot({ source: { load: async () => slots } })]);
    const rotation = app.get(KeyRotation);
    Object.assign(slots, { current: b, revokedKids: [kidOf(a)] });
    const reloaded = rotation.reload();
    let fewest = Infinity;
    const looking = setInterval(
      () => (fewest = Math.min(fewest, app.get(JwtService).getKeySet().keys.length)),
      0,
    );
    rotation.events$.subscribe(
      () => (fewest = Math.min(fewest, app.get(JwtService).getKeySet().keys.length)),
    );
    await reloaded;
    clearInterval(looking);
    expect([fewest, await signedBy(app)]).toEqual([1, kidOf(b)]);
  });

  it('of the replacement itself fails, and the key that signs goes on', async () => {
    const slots: KeySlots = { current: a };
    const { app, view } = await start([OidcKeyModule.forRoot({ source: { load: async () => slots } })]);
    Object.assign(slots, { current: b, revokedKids: [kidOf(b)] });
    await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
    expect([view(), app.get(KeyRotation).status()]).toEqual([
      'a |  | ',
      expect.objectContaining({
        state: 'degraded',
        failure: expect.objectContaining({ code: 'OIDC_KEY_NONE_TO_SIGN' }),
      }),
    ]);
  });
});

it('the option algorithm holds for keys of the settings and of a source too', async () => {
  const [ec, ed] = [makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey, makeKeyPair('ed25519').privateKey];
  const fromSettings = await start([
    configurationOf({ OIDC_PRIVATE_KEY: pemOf(ec) + pemOf(ed) }),
    OidcKeyModule.forRootAsync({ useFactory: () => ({ algorithm: 'Ed25519' }) }),
  ]);
  expect(fromSettings.app.get(KeyInfo).algorithm).toBe('EdDSA');
  const source = { load: async () => ({ current: [ec, ed] }) };
  const fromSource = await start([OidcKeyModule.forRoot({ source, algorithm: 'ES256' })]);
  expect(fromSource.app.get(KeyInfo).algorithm).toBe('ES256');
});

describe('reloads at once', () => {
  it('an older answer never replaces a newer one', async () => {
    let running = 0;
    let most = 0;
    const source: KeySource = {
      load: async () => {
        most = Math.max(most, (running += 1));
        await wait(20);
        running -= 1;
        return { current: a };
      },
    };
    const { app } = await start([OidcKeyModule.forRoot({ source })]);
    const rotation = app.get(KeyRotation);
    const first = rotation.reload();
    const second = rotation.reload();
    await first;
    await Promise.all([second, rotation.reload(), rotation.reload()]);
    expect(most).toBe(1);
  });
});

describe('a source that misbehaves stops the boot with a code, and without its own words', () => {
  it.each<[string, KeySource]>([
    ['load rejects with the key', { load: async () => Promise.reject(new Error(pemOf(a))) }],
    ['load rejects with nothing', { load: async () => Promise.reject(undefined) }],
    ['load resolves to nothing', { load: async () => undefined as never }],
    ['load resolves to a misspelt slot', { load: async () => ({ current: a, revokedKid: ['x'] }) as never }],
    [
      'watch throws the key',
      {
        load: async () => ({ current: a }),
        watch: () => {
          throw new Error(pemOf(a));
        },
      },
    ],
  ])('%s', async (_, source) => {
    const error = await rejectionOf(start([OidcKeyModule.forRoot({ source })]));
    expect(['OIDC_KEY_SOURCE_FAILED', 'OIDC_KEY_INVALID_OPTION']).toContain(error.code);
    for (const trace of privateTraces(a)) expect(everythingPrintedOf(error)).not.toContain(trace);
  });
});

it('a swap in the middle of a read is read again, so that no list of revoked kids is missed', async () => {
  const directory = mount({ 'current.pem': pemOf(a), 'revoked-kids': kidOf(c), 'previous.pem': pemOf(b) });
  const descriptor = Object.getOwnPropertyDescriptor(FilesOfOneMoment.prototype, 'read')!;
  const read = descriptor.value as (this: FilesOfOneMoment, path: string) => Promise<Buffer>;
  let swaps = 0;
  FilesOfOneMoment.prototype.read = async function (this: FilesOfOneMoment, path: string) {
    const content = await read.call(this, path);
    if (swaps++ === 0) directory.swap({});
    return content;
  };
  try {
    const slots = await FileKeySource.inDirectory(directory.folder).load();
    expect(revocationsIn(slots).unknown(() => false)).toEqual([{ name: kidOf(c), position: 1 }]);
    expect((slots.previous as NamedValue).value).toEqual(Buffer.from(pemOf(b)));
    expect(swaps).toBeGreaterThan(3);
  } finally {
    Object.defineProperty(FilesOfOneMoment.prototype, 'read', descriptor);
  }
});

describe('a schedule', () => {
  it('that has come signs from the boot on', async () => {
    const settings = {
      OIDC_PRIVATE_KEY: pemOf(a),
      OIDC_NEXT_KEYS: pemOf(b),
      OIDC_NEXT_KEY_ACTIVATES_AT: '2020-01-01T00:00:00+01:00',
    };
    const { view } = await start([configurationOf(settings), OidcKeyModule.forRootAsync()]);
    expect(view()).toBe('b |  | a');
  });

  it('comes while the process lives', async () => {
    const nextActivatesAt = new Date(Date.now() + 1_000);
    const { app, events, view } = await start([
      OidcKeyModule.forRoot({ key: a, nextKeys: b, nextActivatesAt }),
    ]);
    expect(view()).toBe('a | b | ');
    expect(app.get(KeyRotation).status().nextChangeAt!.getTime()).toBeCloseTo(nextActivatesAt.getTime(), -2);
    await until(() => view() === 'b |  | a');
    expect(events).toEqual([
      { type: 'promoted', kid: kidOf(b), algorithm: 'RS256', replaced: kidOf(a), at: expect.any(Date) },
    ]);
    expect(events[0]!.at.getTime()).toBeGreaterThanOrEqual(nextActivatesAt.getTime() - 5);
  });

  it('of years ahead does not fire at once, as a timer of so long would, and nobody is warned of it', async () => {
    const { app, logger, view } = await start([
      OidcKeyModule.forRoot({ key: a, nextKeys: b, nextActivatesAt: new Date(farFuture) }),
    ]);
    for (let round = 0; round < 20; round++) {
      await app.get(KeyRotation).reload();
      await wait(10);
    }
    expect(view()).toBe('a | b | ');
    expect(everythingPrintedOf(logger.lines)).not.toMatch(/too soon|signs from/);
  });

  it('that is too soon for a new key is said, with the earliest safe instant', async () => {
    const { app, logger, view } = await start([
      configurationOf({ OIDC_PRIVATE_KEY: pemOf(a) }),
      OidcKeyModule.forRootAsync(),
    ]);
    app.get(ConfigService).set('OIDC_NEXT_KEYS', pemOf(b));
    app.get(ConfigService).set('OIDC_NEXT_KEY_ACTIVATES_AT', new Date(Date.now() + 60_000).toISOString());
    await until(() => view() === 'a | b | ');
    await app.get(KeyRotation).reload();
    const warnings = logger.lines.filter(([line]) =>
      /signs from \d{4}-.*its schedule is too soon/.test(String(line)),
    );
    expect(warnings).toHaveLength(1);
  });
});

describe('warnings', () => {
  it('a previous key that is dropped early, and a token that outlives its key, once for each kind', async () => {
    const settings = { OIDC_PRIVATE_KEY: pemOf(a), OIDC_PREVIOUS_KEYS: pemOf(c), OIDC_KEY_RETENTION: '600' };
    const { app, logger, view } = await start([configurationOf(settings), OidcKeyModule.forRootAsync()]);
    app.get(ConfigService).set('OIDC_PREVIOUS_KEYS', '');
    await app.get(KeyRotation).reload();
    expect(view()).toBe('a |  | c');
    const warnings = () =>
      logger.lines.map(([line]) => String(line)).filter((line) => /published/.test(line));
    expect(warnings()).toEqual([
      expect.stringMatching(/is no longer in the configuration.*stays published until/),
    ]);

    const jwt = app.get(JwtService);
    const seconds = Math.floor(Date.now() / 1000);
    await jwt.sign({ exp: seconds + 500 });
    expect(warnings()).toHaveLength(1);
    await jwt.sign({ exp: seconds + 700 });
    await jwt.sign({ exp: seconds + 800 });
    await jwt.sign({ refresh_token_id: 'r', expire_time: seconds + 700 });
    await jwt.sign(JSON.stringify({ auth_code_id: 'c', expire_time: seconds + 700 }));
    expect(
      warnings()
        .slice(1)
        .map((line) => /type (\S+)/.exec(line)?.[1]),
    ).toEqual(['JWT', 'refresh+jwt', 'code+jwt']);
  });
});

it('nothing is left open when the application closes', async () => {
  const secret = mount({ current: pemOf(a) });
  const open = () =>
    process.getActiveResourcesInfo().filter((name) => /FSEvent|FSWatcher/i.test(name)).length;
  const before = open();
  const { app, events } = await start([
    configurationOf({ OIDC_PRIVATE_KEY_FILE: secret.path('current') }),
    OidcKeyModule.forRootAsync(),
  ]);
  let completed = false;
  app.get(KeyRotation).events$.subscribe({ complete: () => (completed = true) });
  await app.close();
  expect([completed, open()]).toEqual([true, before]);
  secret.swap({ current: pemOf(b) });
  await wait(300);
  expect(events).toEqual([]);
});
