import { serialize } from 'node:v8';

import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigModule } from '@nestjs/config';
import { JwtService, KeyInfo, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { everythingPrintedOf, rejectionOf } from './support/errors.js';
import { keyObjectsWithin } from './support/key-objects.js';
import { makeRsaKey, pemOf, privateTraces } from './support/keys.js';
import { boot, closeAll, platforms, RecordingLogger } from './support/platforms.js';
import { forge } from './support/tokens.js';

const key = makeRsaKey();
const passphrase = 'a passphrase to look for';
const encrypted = key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString();
const traces = [...privateTraces(key), passphrase];

function expectNoSecretIn(text: string): void {
  for (const trace of traces) expect(text).not.toContain(trace);
}

it('the traces are found where the key does get out', () => {
  const jwk = key.export({ format: 'jwk' });
  for (const leak of [
    JSON.stringify(jwk),
    pemOf(key).replaceAll('\n', ''),
    Buffer.from(jwk.d!, 'base64url').toString('hex'),
    passphrase,
  ]) {
    expect(() => expectNoSecretIn(leak)).toThrow();
  }
});

describe.each(platforms)('private members leave the process by no way, on %s', (_, adapter) => {
  afterEach(closeAll);

  const start = async (logger = new RecordingLogger()) => {
    const settings = { OIDC_PRIVATE_KEY: encrypted, OIDC_PRIVATE_KEY_PASSPHRASE: passphrase };
    const config = ConfigModule.forRoot({
      isGlobal: true,
      ignoreEnvFile: true,
      skipProcessEnv: true,
      load: [() => settings],
    });
    return {
      ...(await boot(adapter(), { imports: [config, OidcKeyModule.forRootAsync()] }, undefined, logger)),
      logger,
    };
  };

  it('not by inspect, JSON, spread, entries, structuredClone or serialization of what can be injected', async () => {
    const { app } = await start();
    const rotation = app.get(KeyRotation);
    const { ring } = rotation;
    const objects: object[] = [
      app.get(OidcKeyModule),
      app.get(JwtService),
      app.get(KeyInfo),
      rotation,
      ring,
      ring.signer(),
      ring.current,
      ring.jwks,
    ];
    for (const object of objects) {
      expectNoSecretIn(everythingPrintedOf(object));
      expectNoSecretIn(everythingPrintedOf(Object.entries(object)));
      expectNoSecretIn(cloned(object));
    }
    expectNoSecretIn(everythingPrintedOf(app.get(JwtService).getKeySet()));
  });

  it('not by a member of what can be injected, however it is named or hidden', async () => {
    const { app } = await start();
    const rotation = app.get(KeyRotation);
    const injected = [JwtService, KeyInfo, OidcKeyModule].map((token) => app.get<object>(token));
    const found = keyObjectsWithin(...injected, rotation, rotation.ring);
    expect(found.map(({ type }) => type)).toEqual(['public']);
    // Without a private one among them, the walk would prove nothing where it cannot find any.
    expect(keyObjectsWithin({ [Symbol('hidden')]: [{ key }] })).toEqual([key]);
  });

  it('not by a log line at any level, while it boots, signs and verifies', async () => {
    const { app, fetch, logger } = await start();
    const jwt = app.get(JwtService);
    const token = await jwt.sign({ sub: 'alice' });
    await jwt.verify(token);
    await rejectionOf(jwt.verify(`${token}x`));
    await rejectionOf(jwt.sign([] as never));
    await fetch('/.well-known/jwks.json');
    await app.close();
    expect(logger.lines.length).toBeGreaterThan(3);
    expect(everythingPrintedOf(logger.lines)).toContain(app.get(KeyInfo).kid);
    expectNoSecretIn(everythingPrintedOf(logger.lines));
  });

  it('not by an error of sign or verify, nor its cause', async () => {
    const { app } = await start();
    const jwt = app.get(JwtService);
    const cyclic: Record<string, unknown> = { pem: 'x' };
    cyclic.self = cyclic;
    const errors = await Promise.all([
      rejectionOf(jwt.sign(cyclic)),
      rejectionOf(jwt.sign({}, { algorithm: 'none' as never })),
      rejectionOf(jwt.verify('x')),
      rejectionOf(jwt.verify(forge(makeRsaKey(), { alg: 'RS256' }, {}))),
      rejectionOf(jwt.verify(forge(key, { alg: 'RS256', crit: ['x'] }, {}))),
    ]);
    for (const error of errors) {
      expectNoSecretIn(everythingPrintedOf(error));
      expect(error.cause).toBeUndefined();
    }
  });
});

function cloned(object: object): string {
  const clones = [structuredClone, (value: object) => serialize(value).toString('latin1')].map((clone) => {
    try {
      return clone(object);
    } catch (error) {
      // Refusing to be cloned keeps a secret as well.
      return error;
    }
  });
  return everythingPrintedOf(clones);
}
