import { createHmac, createPublicKey, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { AccessTokenVerifier, ResourceServerModule } from 'nestjs-oidc-key/resource-server';

import { OidcKeyError } from '../../lib/core/errors.js';
import type { KeySlots } from '../../lib/core/reading/key-slots.js';
import { everyIssuer } from '../../lib/metrics/every-issuer.js';
import { KeyMetrics } from '../../lib/metrics/key-metrics.js';
import { metricsViewOf } from '../../lib/metrics/metrics-view.js';
import { KeyRotation as Rotation } from '../../lib/rotation/key-rotation.js';
import type { PublicJwksStatus } from '../../lib/rotation/public-jwks/public-jwks.js';
import { timingOf } from '../../lib/rotation/timing.js';
import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { makeRsaKey } from '../support/keys.js';
import { ecKey, FakeClock } from '../support/lives.js';
import { keySet } from '../support/measured-application.js';
import { boot, closeAll, platforms } from '../support/platforms.js';

afterEach(closeAll);

const [, express] = platforms[0]!;
const minute = 60_000;
const [a, b] = ['a', 'b'].map((kid) => ({ key: ecKey(), kid }));

/** A rotation whose source is what the test says, on a clock of the test's own. */
async function rotationOf(slots: KeySlots) {
  const clock = new FakeClock(Date.parse('2030-01-01T00:00:00Z'));
  const silent = () => undefined;
  const held = { slots };
  const rotation = await Rotation.start({
    source: { load: async () => held.slots },
    timing: timingOf({ jwksMaxAge: 600, keySpread: 0, clockSkew: 0, keyRetention: 90 * 60 }),
    algorithm: undefined,
    log: { log: silent, warn: silent, error: silent },
    clock: () => clock.now,
  });
  return { clock, rotation, held, metrics: new KeyMetrics('oidc', rotation) };
}

it('tells how long each key has its slot and when it leaves it, where slots and a clock say so', async () => {
  const { clock, rotation, held, metrics } = await rotationOf({ current: a!, next: b! });
  const keys = () =>
    metrics
      .view()
      .keys.map(({ kid, slot, age, nextChangeIn, isHeldBack }) => [kid, slot, age, nextChangeIn, isHeldBack]);
  clock.monotonic += 5 * minute;
  expect(keys()).toEqual([
    ['a', 'current', 300, undefined, false],
    ['b', 'next', 300, undefined, false],
  ]);
  held.slots = { current: b!, previous: a! };
  await rotation.reload();
  // It may sign ten minutes after it was published.
  expect(keys()).toEqual([
    ['a', 'current', 300, 300, false],
    ['b', 'next', 300, 300, true],
  ]);
  clock.monotonic += 5 * minute;
  await rotation.reload();
  expect(keys().map(([kid, slot]) => `${String(kid)} ${String(slot)}`)).toEqual(['b current', 'a previous']);
  held.slots = { current: b! };
  await rotation.reload();
  const [, gone] = keys();
  // Its retention, from when the last relying party has taken over that another one signs.
  expect(gone![3]).toBe(90 * 60 + 600);
  rotation.close();
});

it('tells which algorithm has no key any more, and how old the data is while reloads fail', async () => {
  const { clock, rotation, held, metrics } = await rotationOf({
    current: [a!, { key: makeRsaKey(), kid: 'rsa' }],
  });
  held.slots = { ...held.slots, revokedKids: ['rsa'] };
  await rotation.reload();
  expect(metrics.view().algorithms).toEqual([
    { algorithm: 'ES256', canSign: true },
    { algorithm: 'RS256', canSign: false },
  ]);
  clock.monotonic += 10 * minute;
  held.slots = { current: 'no key' };
  await rotation.reload();
  const { source } = metrics.view();
  expect(source.dataAge).toBe(600);
  expect(source.lastReadAt).toBe(clock.wall / 1000);
  expect(source.lastSuccessAt).toBe(clock.wall / 1000 - 600);
  expect(Object.fromEntries(source.reads)).toMatchObject({ ok: 2, OIDC_KEY_MALFORMED: 1 });
  rotation.close();
});

it('is the same however often it is asked', async () => {
  const { metrics, rotation } = await rotationOf({ current: a!, next: b! });
  const first = metrics.view();
  for (let time = 0; time < 100; time++) metrics.view();
  expect(metrics.view()).toEqual(first);
  rotation.close();
});

it('counts of an error that a source rejects with its code alone, and no text that stands in its place', async () => {
  const { rotation, held, metrics } = await rotationOf({ current: a! });
  const secret = 'OIDC_KEY_HUNTER2' as OidcKeyError['code'];
  Object.defineProperty(held, 'slots', {
    get: () => {
      throw new OidcKeyError(secret, 'The source failed.');
    },
  });
  await rotation.reload();
  expect(metrics.view().source.reads).toEqual([
    ['ok', 1],
    ['OIDC_KEY_SOURCE_FAILED', 0],
    ['OIDC_KEY_STORE_FAILED', 0],
    ['error', 1],
  ]);
  rotation.close();
});

it('gives the key that signs a count of its own, however many previous keys stand before it', async () => {
  const previous = Array.from({ length: 100 }, (_, index) => ({ key: ecKey(), kid: `old-${index}` }));
  const { rotation, held, metrics } = await rotationOf({ current: a!, previous });
  held.slots = { current: b!, previous: [...previous, a!] };
  await rotation.reload();
  const { keys, usage } = metrics.view();
  expect(usage.flatMap(({ kid }) => (kid.startsWith('_') ? [] : kid))).toEqual(keys.map(({ kid }) => kid));
  expect(usage.map(({ kid }) => kid).slice(0, 2)).toEqual(['a', 'b']);
  rotation.close();
});

it('shows what waits for a thread, and what waits for a KMS', async () => {
  const held = ecKey();
  const signer = {
    sign: async (data: Buffer) => {
      await wait(20);
      return sign('sha256', data, { key: held, dsaEncoding: 'ieee-p1363' });
    },
  };
  const { app } = await boot(express(), {
    imports: [
      OidcKeyModule.forRoot({ key: [makeRsaKey(), { key: createPublicKey(held), kid: 'held', signer }] }),
    ],
  });
  const jwt = app.get(JwtService, { strict: false });
  const [metrics] = everyIssuer(app.get(ModulesContainer), 'The test');
  const seen = (algorithm: string) => metrics!.view().usage.find((each) => each.algorithm === algorithm)!;
  for (const algorithm of ['RS256', 'ES256'] as const) {
    const signing = Array.from({ length: 50 }, () => jwt.sign({ sub: 'alice' }, { algorithm }));
    await Promise.resolve();
    const { waiting, underWay } = seen(algorithm);
    expect(waiting + underWay).toBe(50);
    expect(underWay).toBeGreaterThan(0);
    expect(waiting).toBeGreaterThan(20);
    await Promise.all(signing);
    expect(seen(algorithm)).toMatchObject({ waiting: 0, underWay: 0 });
    expect(seen(algorithm).waits.count).toBe(50);
    expect(seen(algorithm).waits.sum).toBeGreaterThan(0);
  }
});

it('counts the tokens that a guard verifies with the keys of this process', async () => {
  const issuer = 'https://issuer.example';
  const { app } = await boot(express(), {
    imports: [
      OidcKeyModule.forRoot({ key: a!, isGlobal: true }),
      ResourceServerModule.forRootAsync({
        inject: [KeyRotation],
        useFactory: (rotation: KeyRotation) => ({
          issuer,
          audience: 'api',
          keys: rotation,
          algorithms: ['ES256'],
        }),
      }),
    ],
  });
  const jwt = app.get(JwtService, { strict: false });
  const verifier = app.get(AccessTokenVerifier, { strict: false });
  const claims = { iss: issuer, aud: 'api', sub: 'alice', client_id: 'c', jti: 'j', exp: 4e9, scope: '' };
  const token = await jwt.sign(claims, { header: { typ: 'at+jwt' } });
  await verifier.verify(token);
  await rejectionOf(
    verifier.verify(await jwt.sign({ ...claims, aud: 'other' }, { header: { typ: 'at+jwt' } })),
  );
  await rejectionOf(verifier.verify(`${token.slice(0, -4)}AAAA`));
  const [metrics] = everyIssuer(app.get(ModulesContainer), 'The test');
  const [of] = metrics!.view().usage;
  expect([of!.kid, Object.fromEntries(of!.verifications)]).toEqual([
    'a',
    {
      verified: 1,
      OIDC_TOKEN_EXPIRED: 0,
      OIDC_TOKEN_CLAIM_MISMATCH: 1,
      OIDC_TOKEN_INVALID_SIGNATURE: 1,
    },
  ]);
});

it('knows a token without kid by the key that has signed it, and one of the secret of before as such', async () => {
  const secret = 'a secret that is long enough for HS256';
  const { app } = await boot(express(), {
    imports: [
      OidcKeyModule.forRoot({
        key: a!,
        legacyHs256: { secret, until: new Date(Date.now() + 86_400_000) },
      }),
    ],
  });
  const jwt = app.get(JwtService, { strict: false });
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const input = `${encoded({ alg: 'ES256' })}.${encoded({ sub: 'alice' })}`;
  const signature = sign('sha256', Buffer.from(input), { key: a!.key, dsaEncoding: 'ieee-p1363' });
  await jwt.verify(`${input}.${signature.toString('base64url')}`);
  const legacy = `${encoded({ alg: 'HS256', typ: 'JWT' })}.${encoded({ auth_code_id: 'c', exp: 4e9 })}`;
  await jwt.verify(`${legacy}.${createHmac('sha256', secret).update(legacy).digest('base64url')}`);
  const [metrics] = everyIssuer(app.get(ModulesContainer), 'The test');
  const verified = metrics!
    .view()
    .usage.flatMap(({ kid, verifications }) => (Object.fromEntries(verifications).verified === 1 ? kid : []));
  expect(verified).toEqual(['a', '_LEGACY_HS256']);
});

it('reads the kid of a refused token out of no header that is longer than one of this issuer', async () => {
  const { app } = await boot(express(), { imports: [OidcKeyModule.forRoot({ key: a! })] });
  const jwt = app.get(JwtService, { strict: false });
  const header = { alg: 'ES256', kid: 'a', filler: 'x'.repeat(1_000) };
  const long = Buffer.from(JSON.stringify(header)).toString('base64url');
  await rejectionOf(jwt.verify(`${long}.e30.AAAA`));
  await rejectionOf(jwt.verify(long));
  const [metrics] = everyIssuer(app.get(ModulesContainer), 'The test');
  const unknown = metrics!.view().usage.find(({ kid }) => kid === '_UNKNOWN')!;
  expect(Object.fromEntries(unknown.verifications)).toEqual({
    OIDC_TOKEN_INVALID_SIGNATURE: 1,
    OIDC_TOKEN_MALFORMED: 1,
  });
});

it('calls a store what stands before the colon of its reference', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-metrics-'));
  const path = join(folder, 'keys.json');
  writeFileSync(path, JSON.stringify(keySet), { mode: 0o600 });
  const { app } = await boot(express(), {
    imports: [configurationOf({ OIDC_KEY_STORE: `file:${path}` }), OidcKeyModule.forRootAsync()],
  });
  const [metrics] = everyIssuer(app.get(ModulesContainer), 'The test');
  expect(metrics!.view().calls).toMatchObject([{ system: 'file', operation: 'read', outcomes: [['ok', 1]] }]);
  rmSync(folder, { recursive: true });
});

it('tells of the public JWKS once it was asked for, and what it was once it was there', async () => {
  const { rotation } = await rotationOf({ current: a! });
  const seenAt = new Date(1_000);
  const failure = { message: 'cannot be reached', since: seenAt };
  const [asked, seen] = [
    { missing: [], others: [], seenAt: undefined, age: 0 },
    { missing: ['b'], others: ['c', 'd'], seenAt, age: 0 },
  ];
  const viewOf = (publicJwks: PublicJwksStatus) =>
    metricsViewOf('oidc', { ...rotation.reading(), publicJwks }, rotation.usage).publicJwks;
  expect(viewOf({ ...asked, failure: undefined })).toBeUndefined();
  expect(viewOf({ ...asked, failure })).toEqual({ isUp: false, seen: undefined });
  expect(viewOf({ ...seen, failure: undefined })).toEqual({
    isUp: true,
    seen: { missing: 1, others: 2, at: 1 },
  });
  expect(viewOf({ ...seen, failure })).toEqual({ isUp: false, seen: { missing: 1, others: 2, at: 1 } });
});
