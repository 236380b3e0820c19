import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, expect, it } from '@jest/globals';
import { ConfigService } from '@nestjs/config';
import { ExpressAdapter } from '@nestjs/platform-express';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import type { LoggerService } from '@nestjs/common';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeyRotationEvent, KeySlots } from 'nestjs-oidc-key';
import { KeyHealthIndicator, OidcKeyHealthModule } from 'nestjs-oidc-key/health';

import { everythingPrintedOf, rejectionOf } from '../support/errors.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { keysIn } from '../support/loaded.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';
import { forge } from '../support/tokens.js';
import {
  configuration,
  encryptedPem,
  keys,
  options,
  passphrase,
  searchFor,
  settings,
} from './seeded-keys.js';

afterEach(closeAll);

/** What an application can read of its keys: their health and what happened to them. */
async function start(module: ReturnType<typeof OidcKeyModule.forRoot>, logger: LoggerService) {
  const { app, fetch } = await boot(
    new ExpressAdapter(),
    {
      imports: [configuration({ ...settings }), module, TerminusModule, OidcKeyHealthModule],
    },
    undefined,
    logger,
  );
  const events: KeyRotationEvent[] = [];
  const rotation = app.get(KeyRotation);
  rotation.events$.subscribe((event) => events.push(event));
  const health = async () => {
    const check = app.get(HealthCheckService).check([() => app.get(KeyHealthIndicator).readiness('keys')]);
    // A report that is down is in the error.
    return everythingPrintedOf(
      await check.catch((error: unknown) => [error, (error as { response: unknown }).response]),
    );
  };
  return { app, fetch, rotation, events, health };
}

it.each(platforms)(
  'nothing of a key or token is logged while an application works and fails, on %s',
  async (_, adapter) => {
    const logger = new RecordingLogger();
    const { app, fetch } = await boot(
      adapter(),
      { imports: [configuration(), OidcKeyModule.forRootAsync()] },
      undefined,
      logger,
    );
    const jwt = app.get(JwtService);
    const stranger = makeRsaKey();
    const tokens = [
      await jwt.sign({ sub: 'alice', exp: 1e11 }),
      await jwt.sign({ sub: 'alice' }, { algorithm: 'Ed25519', expiresIn: -1 }),
      forge(stranger, { alg: 'RS256' }, { sub: 'mallory' }),
      forge(keys.rsa, { alg: 'RS256', crit: ['x'] }, { sub: 'mallory' }),
    ];
    await jwt.verify(tokens[0]!);
    for (const token of [...tokens.slice(1), `${tokens[0]}x`]) {
      await rejectionOf(jwt.verify(token));
      await fetch(`/.well-known/jwks.json?access_token=${token}`, {
        headers: { authorization: `Bearer ${token}` },
      });
    }
    await rejectionOf(jwt.sign({ token: tokens[0], n: 1n }));
    await app.close();
    const logged = everythingPrintedOf(logger.lines);
    expect(logged).toContain('signs');
    // The token that outlives its key is warned of.
    expect(logged).toContain('JwtService');
    expect(searchFor(tokens).in(logged)).toEqual([]);
  },
);

it('nothing of a key is logged, told or reported while settings change for the worse', async () => {
  const logger = new RecordingLogger();
  const { app, rotation, events, health } = await start(OidcKeyModule.forRootAsync(), logger);
  const config = app.get(ConfigService);
  const told: string[] = [];
  const reloadWith = async (changes: Record<string, unknown>) => {
    const before = Object.keys(changes).map((name) => [name, config.get(name)] as const);
    for (const [name, value] of Object.entries(changes)) config.set(name, value);
    await rotation.reload();
    told.push(await health(), everythingPrintedOf(rotation.status()), everythingPrintedOf(rotation));
    for (const [name, value] of before) config.set(name, value ?? '');
  };
  const secrets = [
    passphrase,
    pemOf(keys.ed25519).replaceAll('\n', '\\n'),
    pemOf(keys.rsa).slice(0, -60),
    JSON.stringify(jwkOf(keys.ec)),
    JSON.stringify(jwkOf(keys.ec)).slice(0, -5),
    JSON.stringify({ ...jwkOf(keys.ec), x: jwkOf(keys.ec).d }),
    encryptedPem.slice(0, -80),
    jwkOf(keys.ed25519),
    keys.rsa,
  ];
  const names = [...Object.keys(settings), 'OIDC_NEXT_KEY_ACTIVATES_AT', 'OIDC_REVOKED_KIDS'];
  for (const name of names) {
    for (const secret of secrets) {
      await reloadWith({ [name]: secret });
      await reloadWith({ [name]: '', [`${name}_FILE`]: secret });
    }
  }
  const current = keysIn(rotation.ring, 'current');
  await reloadWith({ OIDC_REVOKED_KIDS: current.map(({ kid }) => kid).join() });
  expect(told.at(-1)).toContain('down');
  await rotation.reload();
  expect(new Set(events.map(({ type }) => type))).toEqual(
    new Set(['loaded', 'reload-failed', 'revoked', 'promoted', 'waiting']),
  );
  const codes = events.flatMap((event) => (event.type === 'reload-failed' ? [event.code] : []));
  expect(new Set(codes).size).toBeGreaterThan(4);
  const all = [...told, everythingPrintedOf(events), everythingPrintedOf(logger.lines)].join('\n');
  expect(searchFor().in(all)).toEqual([]);
});

it('nothing of what a source throws is logged, told or reported', async () => {
  const logger = new RecordingLogger();
  const { key: current, nextKeys: next } = options as {
    key: KeySlots['current'];
    nextKeys: KeySlots['next'];
  };
  let failure: (() => unknown) | undefined;
  const source = {
    load: async (): Promise<KeySlots> => {
      if (failure) throw failure();
      return { current, next };
    },
  };
  const { rotation, events, health } = await start(OidcKeyModule.forRoot({ source }), logger);
  const told: string[] = [];
  const secret = pemOf(keys.rsa);
  const failures = [
    () => new Error(secret),
    () => new Error('x', { cause: secret }),
    () => Object.assign(new Error('x'), { code: secret, name: secret, key: secret }),
    () => new AggregateError([new Error(passphrase)], secret),
    () => secret,
    () => ({ name: passphrase, code: jwkOf(keys.ed25519).d, key: keys.rsa }),
    () => jwkOf(keys.ed25519),
  ];
  for (failure of failures) {
    await rotation.reload();
    told.push(await health(), everythingPrintedOf(rotation.status()), everythingPrintedOf(events.at(-1)));
    expect(events.at(-1)).toMatchObject({ type: 'reload-failed', code: 'OIDC_KEY_SOURCE_FAILED' });
  }
  // The log is written before the event is told; what a retry adds is looked at too.
  await wait(0);
  expect(searchFor().in([...told, everythingPrintedOf(logger.lines)].join('\n'))).toEqual([]);
});
