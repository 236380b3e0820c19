import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import type { OidcKeyFactoryOptions } from 'nestjs-oidc-key';

import { configurationOf } from '../../support/configuration.js';
import { boot, closeAll, platforms, RecordingLogger } from '../../support/platforms.js';
import { isOpenBaoInstalled, OpenBao, rootToken } from '../../support/stores/openbao.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { headerOf } from '../../support/tokens.js';
import { until } from '../../support/waiting.js';

/** Of the whole run, which `npm run soak` does; a twentieth otherwise. */
const share = process.env.WHOLE_RUN === '1' ? 1 : 1 / 20;
const signatures = 100_000 * share;
const rotations = 100 * share;
const atOnce = 8;
const hour = 3_600_000;
/** Propagation is a second and a half, and a key goes two and a half seconds after its successor signs. */
const times = {
  jwksMaxAge: 0,
  keySpread: 1,
  clockSkew: 0,
  keyRetention: 1,
  reloadInterval: 1,
  propagationFloor: 0,
};

const store = { kind: 'vault-transit', against: 'OpenBao', isInstalled: isOpenBaoInstalled };
describeStore(store, 'a key that its KMS rotates while it signs', () => {
  let server: OpenBao;
  beforeAll(async () => {
    server = await OpenBao.dev();
    await server.tell('sys/mounts/transit', { body: { type: 'transit' } });
    await server.tell('transit/keys/oidc', { body: { type: 'ecdsa-p256' } });
  }, 60_000);
  afterEach(closeAll);
  afterAll(() => server?.stop());

  it(
    `makes ${signatures} tokens with ${rotations} rotations under way, and each verifies under the kid that it names`,
    async () => {
      const environment = { VAULT_ADDR: server.address, VAULT_TOKEN: rootToken };
      const [, adapter] = platforms[0]!;
      const options = { ...times, store: 'vault-transit:transit/oidc' } as OidcKeyFactoryOptions;
      const { app, url } = await boot(
        adapter(),
        {
          imports: [configurationOf(environment), OidcKeyModule.forRootAsync({ useFactory: () => options })],
        },
        undefined,
        new RecordingLogger(),
      );
      const jwt = app.get(JwtService);
      const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', url), {
        cacheMaxAge: 500,
        cooldownDuration: 1,
      });
      const kids = new Set<string>();
      const count = { made: 0, rotated: 0 };
      const sign = async () => {
        while (count.made < signatures) {
          count.made += 1;
          const token = await jwt.sign({ sub: 'someone' });
          kids.add(String(headerOf(token).kid));
          await jwtVerify(token, jwks);
        }
      };
      const rotate = async () => {
        for (; count.rotated < rotations; count.rotated++) {
          const due = (signatures / (rotations + 1)) * (count.rotated + 1);
          await until(() => count.made >= due, hour);
          await server.tell('transit/keys/oidc/rotate', { body: {} });
        }
      };
      await Promise.all([rotate(), ...Array.from({ length: atOnce }, sign)]);
      expect([count.made, count.rotated]).toEqual([signatures, rotations]);
      expect(kids.size).toBeGreaterThan(1);
      expect(app.get(KeyRotation).status().state).toBe('up');
    },
    hour,
  );
});
