import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigService } from '@nestjs/config';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { KeySlots } from 'nestjs-oidc-key';

import { configurationOf } from '../support/configuration.js';
import { rejectionOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf } from '../support/keys.js';
import { ecKey } from '../support/lives.js';
import { thumbprintOf } from '../support/loaded.js';
import { boot, closeAll, RecordingLogger } from '../support/platforms.js';
import { headerOf } from '../support/tokens.js';

const [a, b, c] = [ecKey(), ecKey(), ecKey()];
const past = '2020-01-01T00:00:00Z';

afterEach(closeAll);

async function start(imports: NonNullable<Parameters<typeof boot>[1]['imports']>) {
  const logger = new RecordingLogger();
  const { app } = await boot(new ExpressAdapter(), { imports }, undefined, logger);
  const lines = () => logger.lines.map(([line]) => String(line));
  return { app, lines, jwt: app.get(JwtService), rotation: app.get(KeyRotation) };
}

const startWith = (settings: Record<string, unknown>) =>
  start([configurationOf(settings), OidcKeyModule.forRootAsync()]);

describe('an instant that has passed', () => {
  const settings = {
    OIDC_PRIVATE_KEY: pemOf(a),
    OIDC_NEXT_KEYS: pemOf(b),
    OIDC_NEXT_KEY_ACTIVATES_AT: past,
  };
  const warning = expect.stringMatching(
    /^ES256 key \S+ \(OIDC_NEXT_KEYS\) signs since this process started, because .*2020-01-01T00:00:00\.000Z, has passed\. .*make it the current key and remove the instant\. If it is new, set an instant that lies ahead$/,
  );
  const said = (lines: string[]) => lines.filter((line) => line.includes('has passed'));

  it('is said at every boot, with both remedies, and in the status for as long as it stands', async () => {
    for (let time = 0; time < 2; time++) {
      const { app, lines, rotation } = await startWith(settings);
      expect(said(lines())).toEqual([warning]);
      expect(said(lines())[0]).toContain(thumbprintOf(b));
      await rotation.reload();
      expect(said(lines())).toHaveLength(1);
      expect(rotation.status()).toMatchObject({ state: 'up', warnings: [warning] });
      for (const [name, value] of Object.entries({
        OIDC_PRIVATE_KEY: pemOf(b),
        OIDC_NEXT_KEYS: '',
        OIDC_PREVIOUS_KEYS: pemOf(a),
        OIDC_NEXT_KEY_ACTIVATES_AT: '',
      }))
        app.get(ConfigService).set(name, value);
      await rotation.reload();
      expect(rotation.status().warnings).toEqual([]);
    }
  });

  it('is not said where it lies ahead', async () => {
    const { lines, rotation } = await startWith({
      ...settings,
      OIDC_NEXT_KEY_ACTIVATES_AT: '2040-01-01T00:00:00Z',
    });
    expect([said(lines()), rotation.status().warnings]).toEqual([[], []]);
  });
});

describe('a key that comes back under another kid', () => {
  it('is said with the kid that its tokens carry', async () => {
    const slots: KeySlots = { current: { key: jwkOf(a), kid: 'former' }, next: b };
    const { rotation, lines } = await start([OidcKeyModule.forRoot({ source: { load: async () => slots } })]);
    // As a PEM it loses the kid that its JWK had.
    Object.assign(slots, { current: b, next: undefined, previous: pemOf(a) });
    await rotation.reload();
    const warning = expect.stringMatching(
      new RegExp(
        `^The source’s slot "previous" is a key that this process knows as former, under another kid, ${thumbprintOf(a)}\\..*Give the key its former kid`,
      ),
    );
    const said = () => lines().filter((line) => line.includes('under another kid'));
    expect(said()).toEqual([warning]);
    expect(rotation.status().warnings).toContainEqual(warning);
    await rotation.reload();
    expect(said()).toHaveLength(1);
    Object.assign(slots, { previous: { key: pemOf(a), kid: 'former' } });
    await rotation.reload();
    expect(rotation.status().warnings).not.toContainEqual(warning);
  });
});

describe('after a revocation', () => {
  it('signing does not turn to another algorithm', async () => {
    const ed25519 = makeKeyPair('ed25519').privateKey;
    const slots: KeySlots = { current: [makeRsaKey(), ed25519] };
    const { app, jwt, rotation } = await start([
      OidcKeyModule.forRoot({ source: { load: async () => slots } }),
    ]);
    Object.assign(slots, { revokedKids: [app.get(KeyInfo).kid] });
    await rotation.reload();
    expect(rotation.status().state).toBe('down');
    expect((await rejectionOf(jwt.sign({}))).code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(headerOf(await jwt.sign({}, { algorithm: 'EdDSA' }))).toMatchObject({
      alg: 'EdDSA',
      kid: thumbprintOf(ed25519),
    });
    expect((await rejectionOf(jwt.sign({}, { algorithm: 'RS256' }))).code).toBe('OIDC_KEY_NONE_TO_SIGN');
    // Not where the key is taken out of configuration either, until that is read as a whole.
    const rsa = makeRsaKey();
    Object.assign(slots, { current: [rsa, ed25519] });
    await rotation.reload();
    expect(headerOf(await jwt.sign({})).kid).toBe(thumbprintOf(rsa));
    expect(rotation.status().state).toBe('up');
  });
});

describe('a replacement that relying parties may not know', () => {
  it('is published, waits, and is told as such', async () => {
    const slots: KeySlots = { current: a };
    const { rotation, lines } = await start([
      OidcKeyModule.forRoot({
        source: { load: async () => slots },
        jwksMaxAge: 600,
        keySpread: 60,
        clockSkew: 0,
      }),
    ]);
    const events: { type: string }[] = [];
    rotation.events$.subscribe((event) => events.push(event));
    const began = Date.now();
    Object.assign(slots, { current: c });
    await rotation.reload();
    expect(events.map(({ type }) => type)).toEqual(['published', 'waiting', 'loaded']);
    const [published, waiting] = events as [object, { until: Date }];
    expect(published).toEqual({
      type: 'published',
      kid: thumbprintOf(c),
      algorithm: 'ES256',
      slot: 'next',
      at: expect.any(Date),
    });
    expect(waiting).toMatchObject({ kid: thumbprintOf(c), algorithm: 'ES256' });
    expect(waiting.until.getTime() - began).toBeGreaterThanOrEqual(660_000 - 1);
    expect(rotation.status().nextChangeAt!.getTime() - began).toBeGreaterThanOrEqual(660_000 - 1);
    expect(lines().filter((line) => /signs from .* on: it was not published before/.test(line))).toHaveLength(
      1,
    );
  });
});
