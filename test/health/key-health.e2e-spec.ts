import { afterEach, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import type { DynamicModule, INestApplication } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';

import { configurationOf } from '../support/configuration.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { boot, closeAll } from '../support/platforms.js';

const [a, b, c] = [makeRsaKey(), makeRsaKey(), makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey];
const kidOf = (key: typeof a) => new JwtService({ key }).getKeySet().keys[0]!.kid;

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(KeyHealthIndicator) private readonly keys: KeyHealthIndicator,
  ) {}

  @Get('live')
  live() {
    return this.health.check([() => this.keys.liveness('keys')]);
  }

  @Get('ready')
  ready() {
    return this.health.check([() => this.keys.readiness('keys')]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ logger: false }), OidcKeyHealthModule],
  controllers: [HealthController],
})
class HealthModule {}

afterEach(closeAll);

async function start(settings: Record<string, unknown>, ...others: DynamicModule[]) {
  const { app, fetch } = await boot(new ExpressAdapter(), {
    // Not global: the module for health finds it all the same.
    imports: [configurationOf(settings), OidcKeyModule.forRootAsync(), ...others, HealthModule],
  });
  const check = async (probe: 'live' | 'ready') => {
    const response = await fetch(`/health/${probe}`);
    const { details } = (await response.json()) as { details: { keys: Record<string, unknown> } };
    return { status: response.status, keys: details.keys };
  };
  return { app, check };
}

const takeOver = async (app: INestApplication, setting: string, value: string) => {
  app.get(ConfigService).set(setting, value);
  for (const rotation of rotationsOf(app)) await rotation.reload();
};

const rotationsOf = (app: INestApplication) => app.get(KeyRotation, { strict: false, each: true });

it('reports every key with its slot, algorithm and time, the last reload and a digest', async () => {
  const { check } = await start({
    OIDC_PRIVATE_KEY: pemOf(a),
    OIDC_NEXT_KEYS: pemOf(b),
    OIDC_NEXT_KEY_ACTIVATES_AT: '2040-01-01T00:00:00Z',
  });
  const { status, keys } = await check('ready');
  const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT/);
  expect(status).toBe(200);
  expect(keys).toEqual({
    status: 'up',
    state: 'up',
    keys: [
      { kid: kidOf(a), slot: 'current', algorithm: 'RS256', since: instant },
      { kid: kidOf(b), slot: 'next', algorithm: 'RS256', since: instant },
    ],
    nextChangeAt: expect.stringMatching(/^2040-01-01|^2039-12-31/),
    loadedAt: instant,
    unknownRevocations: [],
    warnings: [],
    digest: expect.stringMatching(/^[\w-]{43}$/),
  });
  for (const trace of [...privateTraces(a), ...privateTraces(b)])
    expect(JSON.stringify(keys)).not.toContain(trace);
});

it('the digest is the same where the same keys are published, whatever slots they are in', async () => {
  const digests = await Promise.all(
    [
      { OIDC_PRIVATE_KEY: pemOf(a), OIDC_NEXT_KEYS: pemOf(b) },
      { OIDC_PRIVATE_KEY: pemOf(b), OIDC_PREVIOUS_KEYS: pemOf(a) },
      { OIDC_PRIVATE_KEY: pemOf(b) },
    ].map(async (settings) => (await (await start(settings)).check('ready')).keys.digest),
  );
  expect(digests[1]).toBe(digests[0]);
  expect(digests[2]).not.toBe(digests[0]);
});

/** What was done to an application with the keys a (RS256) and c (ES256), and what its probes then say. */
const states: [string, [setting: string, value: string][], { state: string; live: number; ready: number }][] =
  [
    ['nothing', [], { state: 'up', live: 200, ready: 200 }],
    ['a reload that failed', [['OIDC_NEXT_KEYS', 'garbage']], { state: 'degraded', live: 200, ready: 200 }],
    [
      'a revocation of one algorithm',
      [['OIDC_REVOKED_KIDS', kidOf(a)]],
      { state: 'down', live: 200, ready: 503 },
    ],
    [
      'a revocation of all',
      [['OIDC_REVOKED_KIDS', `${kidOf(a)},${kidOf(c)}`]],
      { state: 'down', live: 503, ready: 503 },
    ],
  ];

it.each(states)('after %s, liveness and readiness follow the state', async (_, changes, expected) => {
  const { app, check } = await start({ OIDC_PRIVATE_KEY: `${pemOf(a)}\n${pemOf(c)}` });
  for (const [setting, value] of changes) await takeOver(app, setting, value);
  const [live, ready] = [await check('live'), await check('ready')];
  expect({ state: ready.keys.state, live: live.status, ready: ready.status }).toEqual(expected);
  expect(live.keys.state).toBe(expected.state);
});

it('an application with two issuers is as its worst one, and shows both', async () => {
  const second = OidcKeyModule.forRootAsync({ envPrefix: 'SECOND_', jwks: { path: '/second/jwks.json' } });
  const { app, check } = await start(
    { OIDC_PRIVATE_KEY: pemOf(a), SECOND_PRIVATE_KEY: pemOf(b), SECOND_REVOKED_KIDS: '' },
    second,
  );
  const issuers = (await check('ready')).keys.issuers as { state: string; keys: { kid: string }[] }[];
  expect(issuers.map(({ keys }) => keys[0]!.kid).toSorted()).toEqual([kidOf(a), kidOf(b)].toSorted());
  await takeOver(app, 'SECOND_REVOKED_KIDS', kidOf(b));
  expect(await check('ready')).toMatchObject({ status: 503, keys: { status: 'down' } });
  expect(await check('live')).toMatchObject({ status: 503 });
});

it('an application without keys does not start, and is told what is missing', async () => {
  await expect(boot(new ExpressAdapter(), { imports: [HealthModule] })).rejects.toMatchObject({
    code: 'OIDC_KEY_MISSING',
    message: expect.stringContaining('OidcKeyModule.forRootAsync()'),
  });
});
