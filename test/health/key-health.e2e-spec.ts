import { afterEach, expect, it } from '@jest/globals';
import { Controller, Get, Inject, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { KeyHealthIndicator } from 'nestjs-oidc-key/health';

import { configurationOf } from '../support/configuration.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { boot, closeAll } from '../support/platforms.js';

const [a, b] = [makeRsaKey(), makeRsaKey()];
const kidOf = (key: typeof a) => new JwtService({ key }).getKeySet().keys[0]!.kid;

@Controller('health')
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(KeyHealthIndicator) private readonly keys: KeyHealthIndicator,
  ) {}

  @Get()
  check() {
    return this.health.check([() => this.keys.check('keys')]);
  }
}

@Module({
  imports: [TerminusModule.forRoot({ logger: false })],
  controllers: [HealthController],
  providers: [KeyHealthIndicator],
})
class HealthModule {}

afterEach(closeAll);

async function start(settings: Record<string, unknown>) {
  const config = configurationOf(settings);
  const { app, fetch } = await boot(new ExpressAdapter(), {
    imports: [config, OidcKeyModule.forRootAsync({ isGlobal: true }), HealthModule],
  });
  const check = async () => {
    const response = await fetch('/health');
    const { details } = (await response.json()) as { details: { keys: Record<string, unknown> } };
    return { status: response.status, keys: details.keys };
  };
  return { app, check };
}

it('reports every key with its slot, algorithm and time, the last reload and a digest', async () => {
  const { check } = await start({
    OIDC_PRIVATE_KEY: pemOf(a),
    OIDC_NEXT_KEYS: pemOf(b),
    OIDC_NEXT_KEY_ACTIVATES_AT: '2040-01-01T00:00:00Z',
  });
  const { status, keys } = await check();
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
    ].map(async (settings) => (await (await start(settings)).check()).keys.digest),
  );
  expect(digests[1]).toBe(digests[0]);
  expect(digests[2]).not.toBe(digests[0]);
});

it('is degraded but up after a failed reload, and down where nothing can sign', async () => {
  const { app, check } = await start({ OIDC_PRIVATE_KEY: pemOf(a) });
  app.get(ConfigService).set('OIDC_NEXT_KEYS', 'garbage');
  await app.get(KeyRotation).reload();
  expect(await check()).toMatchObject({
    status: 200,
    keys: { status: 'up', state: 'degraded', failure: { code: 'OIDC_KEY_MALFORMED' } },
  });
  app.get(ConfigService).set('OIDC_REVOKED_KIDS', kidOf(a));
  await app.get(KeyRotation).reload();
  expect(await check()).toMatchObject({ status: 503, keys: { status: 'down', state: 'down' } });
});
