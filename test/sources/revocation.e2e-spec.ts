import { execFileSync } from 'node:child_process';
import { sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeyRotationEvent, KeySlots } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { jwkOf, makeRsaKey } from '../support/keys.js';
import { kindsOfSources, unreadable } from '../support/kinds-of-sources.js';
import type { Change, Configuration, KindOfSource } from '../support/kinds-of-sources.js';
import { ecKey } from '../support/lives.js';
import { thumbprintOf } from '../support/loaded.js';
import { RecordingLogger } from '../support/platforms.js';
import { base64url, headerOf } from '../support/tokens.js';
import { until } from '../support/waiting.js';

/** A key whose kid is not its thumbprint. */
const named = (kid: string, key: KeyObject = ecKey()) => ({
  kid,
  key,
  text: JSON.stringify({ ...jwkOf(key), kid }),
});
const [stolen, next, previous, replacement] = ['stolen', 'next', 'previous', 'new'].map((kid) => named(kid));
const garbage = stolen!.text.slice(0, -20);

const running: INestApplicationContext[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((app) => app.close()));
});

async function start(imports: NonNullable<DynamicModule['imports']>) {
  class Application {}
  Module({ imports })(Application);
  const logger = new RecordingLogger();
  const app = await NestFactory.createApplicationContext(Application, { abortOnError: false, logger });
  running.push(app);
  const events: KeyRotationEvent[] = [];
  app.get(KeyRotation).events$.subscribe((event) => events.push(event));
  const jwt = app.get(JwtService);
  const published = () => jwt.getKeySet().keys.map(({ kid }) => kid);
  const errors = () =>
    logger.lines.map(([line]) => String(line)).filter((line) => line.includes('not reloaded'));
  return { app, events, jwt, published, errors };
}

/** What whoever has the private key can make. */
function forgedWith({ kid, key }: { kid: string; key: KeyObject }): string {
  const input = `${base64url({ alg: 'ES256', kid })}.${base64url({ sub: 'mallory' })}`;
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}

const revocations = [
  ['its kid', stolen!.kid],
  ['its thumbprint', thumbprintOf(stolen!.key)],
] as const;

const before: Configuration = { current: stolen!.text, next: next!.text, previous: previous!.text };
const { current: _, ...withoutCurrent } = before;

/** What else is in the change that revokes the key, and how a reload of it fails, if it does. */
const changes: [string, Change, string | undefined][] = [
  ['nothing else', before, undefined],
  ['the current key removed', withoutCurrent, undefined],
  ['the current key replaced', { ...before, current: replacement!.text }, undefined],
  ['the current key garbage', { ...before, current: garbage }, 'OIDC_KEY_MALFORMED'],
  ['the next key garbage', { ...before, next: garbage }, 'OIDC_KEY_MALFORMED'],
  ['the previous key garbage', { ...before, previous: garbage }, 'OIDC_KEY_MALFORMED'],
  ['an instant that is none', { ...before, nextActivatesAt: 'tomorrow' }, 'OIDC_KEY_INVALID_OPTION'],
  ['the current key unreadable', { ...before, current: unreadable }, 'OIDC_KEY_UNREADABLE_FILE'],
  ['the previous keys unreadable', { ...before, previous: unreadable }, 'OIDC_KEY_UNREADABLE_FILE'],
  ['the instant unreadable', { ...before, nextActivatesAt: unreadable }, 'OIDC_KEY_UNREADABLE_FILE'],
  ['the passphrase unreadable', { ...before, passphrase: unreadable }, 'OIDC_KEY_UNREADABLE_FILE'],
  ['a slot too many', { ...before, unknownSlot: 'x' }, 'OIDC_KEY_INVALID_OPTION'],
  ['one kid that is no string', before, 'OIDC_KEY_INVALID_OPTION'],
];

async function expectRevoked(app: INestApplicationContext, tokens: readonly string[]): Promise<void> {
  const jwt = app.get(JwtService);
  expect(jwt.getKeySet().keys.map(({ kid }) => kid)).not.toContain(stolen!.kid);
  for (const token of tokens) {
    expect((await rejectionOf(jwt.verify(token))).code).toBe('OIDC_TOKEN_INVALID_SIGNATURE');
  }
}

describe.each(kindsOfSources.map((kind): [string, KindOfSource] => [kind.name, kind]))('%s', (__, kind) => {
  describe.each(revocations)('attack 49: a stolen key that is revoked by %s', (___, name) => {
    const cells = changes.filter(([, { unknownSlot }]) => kind.hasSlots ?? unknownSlot === undefined);

    it.each(cells)('with %s is gone at once, and what can signs', async (what, to, code) => {
      const { imports, change } = kind.make(before);
      const { app, events, jwt, published, errors } = await start(imports);
      const tokens = [await jwt.sign({ sub: 'alice' }), forgedWith(stolen!)];
      for (const token of tokens) await expect(jwt.verify(token)).resolves.toBeDefined();

      const list: unknown[] = what === 'one kid that is no string' ? [name, 42] : [name];
      await change(app, { ...to, revokedKids: JSON.stringify(list) });

      await expectRevoked(app, tokens);
      // A replacement that is new waits, since relying parties know the next key.
      expect(headerOf(await jwt.sign({})).kid).toBe(next!.kid);
      expect(published().includes(replacement!.kid)).toBe(what === 'the current key replaced');
      const types = events.map(({ type }) => type);
      expect(types).toContain('revoked');
      expect(types.at(-1)).toBe(code === undefined ? 'loaded' : 'reload-failed');
      const { state, failure } = app.get(KeyRotation).status();
      expect([state, failure?.code]).toEqual([code === undefined ? 'up' : 'degraded', code]);
      expect(errors().at(-1) ?? '').toMatch(code === undefined ? /^$/ : new RegExp(`${code}: `));
    });

    it('and was taken out before a boot leaves the next key to sign', async () => {
      const { imports } = kind.make({ ...withoutCurrent, revokedKids: JSON.stringify([name]) });
      const { app, jwt, published } = await start(imports);
      expect(headerOf(await jwt.sign({})).kid).toBe(next!.kid);
      expect(published()).toEqual([next!.kid, previous!.kid]);
      await expectRevoked(app, [forgedWith(stolen!)]);
    });
  });

  it('does not let the next key sign where the current one is gone and nothing says why', async () => {
    const { imports, change } = kind.make(before);
    const { app, jwt, published } = await start(imports);
    await change(app, withoutCurrent);
    expect(app.get(KeyRotation).status().state).toBe('degraded');
    expect(headerOf(await jwt.sign({})).kid).toBe(stolen!.kid);
    expect(published()).toHaveLength(3);
  });
});

it('attack 49: a passphrase that is set twice does not hold up a revocation', async () => {
  const settings = kindsOfSources.find(({ name }) => name === 'ConfigService.set()')!;
  const { imports, change } = settings.make(before);
  const { app, jwt, events } = await start(imports);
  const token = await jwt.sign({});
  // As a value beside the file that is named already.
  await change(app, { ...before, passphrase: unreadable });
  app.get(ConfigService).set('OIDC_PRIVATE_KEY_PASSPHRASE', 'p');
  app.get(ConfigService).set('OIDC_REVOKED_KIDS', stolen!.kid);
  await app.get(KeyRotation).reload();
  await expectRevoked(app, [token]);
  expect(events.at(-1)).toMatchObject({ type: 'reload-failed', code: 'OIDC_KEY_CONFLICT' });
});

describe('attack 49: one key under two names', () => {
  const startWith = (slots: KeySlots) => {
    const source = { load: async () => slots };
    return start([OidcKeyModule.forRoot({ source })]);
  };
  const one = { key: stolen!.key, kid: 'one' };
  const two = { key: stolen!.key, kid: 'two' };
  const forged = [one, two].map(forgedWith);

  it.each<[string, KeySlots]>([
    ['two slots', { current: one, previous: two }],
    ['one slot', { current: [next!.key], previous: [one, two] }],
    ['next and previous', { current: next!.key, next: one, previous: two }],
  ])('is refused in %s', async (__, slots) => {
    expect((await rejectionOf(startWith(slots))).code).toBe('OIDC_KEY_DUPLICATE_KID');
  });

  it.each(['one', 'two', thumbprintOf(stolen!.key)])('is revoked by %s in all of them', async (name) => {
    const { jwt, published } = await startWith({
      current: one,
      next: next!.key,
      previous: two,
      revokedKids: [name],
    });
    expect(published()).toEqual([thumbprintOf(next!.key)]);
    for (const token of forged) await expect(jwt.verify(token)).rejects.toThrow('invalid signature');
  });

  it('is revoked under two algorithms at once', async () => {
    const rsa = makeRsaKey();
    const slots: KeySlots = {
      current: [
        { key: rsa, kid: 'one' },
        { key: rsa, kid: 'two', algorithm: 'PS256' },
      ],
      next: [makeRsaKey(), { key: makeRsaKey(), algorithm: 'PS256' }],
    };
    expect((await rejectionOf(startWith(slots))).code).toBe('OIDC_KEY_DUPLICATE_KID');
    const { jwt, published } = await startWith({ ...slots, revokedKids: ['one'] });
    expect(published()).toHaveLength(2);
    expect(published()).not.toContain('two');
    for (const algorithm of ['RS256', 'PS256'] as const) {
      expect(published()).toContain(headerOf(await jwt.sign({}, { algorithm })).kid);
    }
  });

  it.each<[string, (again: typeof two) => Partial<KeySlots>]>([
    ['previous', (again) => ({ current: next!.key, next: undefined, previous: again })],
    ['next', (again) => ({ current: next!.key, next: again })],
    ['current, beside the next one', (again) => ({ current: again, next: next!.key })],
  ])('does not come back under the other one, as %s', async (__, later) => {
    const slots: KeySlots = { current: one, next: next!.key };
    const { app, jwt, published } = await startWith(slots);
    const rotation = app.get(KeyRotation);
    Object.assign(slots, { revokedKids: ['one'] });
    await rotation.reload();
    Object.assign(slots, later(two));
    await rotation.reload();
    expect(published()).toEqual([thumbprintOf(next!.key)]);
    for (const token of forged) await expect(jwt.verify(token)).rejects.toThrow('invalid signature');
    // Nor where the list is read as empty for a moment.
    Object.assign(slots, { revokedKids: [] });
    await rotation.reload();
    expect(published()).toEqual([thumbprintOf(next!.key)]);
  });
});

describe('attack 49: a revocation is not held up', () => {
  const good = { OIDC_PRIVATE_KEY: stolen!.text, OIDC_NEXT_KEYS: next!.text };
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-'));

  it('by a list that stands in two places: what one of them names is revoked', async () => {
    const { app, published } = await start([configurationOf(good), OidcKeyModule.forRootAsync()]);
    const file = join(folder, 'revoked-kids');
    writeFileSync(file, 'stolen\n');
    app.get(ConfigService).set('OIDC_REVOKED_KIDS', 'other');
    app.get(ConfigService).set('OIDC_REVOKED_KIDS_FILE', file);
    await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
    expect(published()).toEqual(['next']);
    expect(app.get(KeyRotation).status().failure?.code).toBe('OIDC_KEY_CONFLICT');
  });

  it('by a file that does not answer', async () => {
    const { app, published } = await start([configurationOf(good), OidcKeyModule.forRootAsync()]);
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const list = join(folder, 'list');
    writeFileSync(list, 'stolen\n');
    app.get(ConfigService).set('OIDC_PREVIOUS_KEYS_FILE', pipe);
    app.get(ConfigService).set('OIDC_REVOKED_KIDS_FILE', list);
    await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
    expect(published()).toEqual(['next']);
    expect(app.get(KeyRotation).status().failure?.code).toBe('OIDC_KEY_UNREADABLE_FILE');
  });

  it('by a configuration that changes all the time', async () => {
    const { app, published } = await start([configurationOf(good), OidcKeyModule.forRootAsync()]);
    app.get(ConfigService).set('OIDC_REVOKED_KIDS', 'stolen');
    const busy = setInterval(() => app.get(ConfigService).set('SOMETHING', Math.random()), 20);
    try {
      await until(() => published().join() === 'next');
    } finally {
      clearInterval(busy);
    }
  });

  it('by one old entry, which is no reason for a next key to sign where the current one is gone for a moment', async () => {
    const { app, published } = await start([
      configurationOf({ ...good, OIDC_REVOKED_KIDS: 'of-last-year' }),
      OidcKeyModule.forRootAsync(),
    ]);
    app.get(ConfigService).set('OIDC_PRIVATE_KEY', '');
    await expect(app.get(KeyRotation).reload()).resolves.toBe(false);
    expect(published()).toEqual(['stolen', 'next']);
    expect(headerOf(await app.get(JwtService).sign({})).kid).toBe('stolen');
  });
});

it.each([0, -1, 0.5, Number.NaN])(
  'a source cannot ask to be asked again every %d seconds',
  async (reloadInterval) => {
    const source = { load: async () => ({ current: next!.text }), reloadInterval };
    await expect(start([OidcKeyModule.forRoot({ source })])).rejects.toMatchObject({
      code: 'OIDC_KEY_INVALID_OPTION',
      message: expect.stringContaining('reloadInterval'),
    });
  },
);

it('the name of an unknown slot is not repeated where it is no word', async () => {
  const source = { load: async () => ({ current: next!.text, [stolen!.text]: 'x' }) };
  const error = await rejectionOf(start([OidcKeyModule.forRoot({ source })]));
  expect(error).toMatchObject({
    code: 'OIDC_KEY_INVALID_OPTION',
    message: expect.not.stringContaining('kty'),
  });
});
