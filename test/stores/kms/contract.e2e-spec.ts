import { afterAll, beforeAll } from '@jest/globals';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import type { KmsDriver } from '../../../lib/stores/kms-driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { configurationOf } from '../../support/configuration.js';
import { describeSigning } from '../../support/contract-of-signing.js';
import { describeVerifying } from '../../support/contract-of-verifying.js';
import { everyKms } from '../../support/kms/every-kms.js';
import type { RunningKms } from '../../support/kms/kms-under-test.js';
import { boot, closeAll, platforms, RecordingLogger } from '../../support/platforms.js';
import { base64url } from '../../support/tokens.js';
import { describeStore } from '../../support/stores/store-under-test.js';

for (const kms of everyKms) {
  describeStore(kms, 'the contract of a JwtService', () => {
    let running: RunningKms;
    let jwt: JwtService;
    let driver: KmsDriver;
    const algorithm = algorithmNamed('RS256')!;
    beforeAll(async () => {
      running = await kms.start();
      const setting = (name: string) => running.environment[name];
      const { client, query } = running;
      const context = { name: 'The key', setting, client };
      const target = await openKms((await running.target('RS256')) + query, context);
      const wish = { alg: 'RS256', algorithm, bits: 2048 } as const;
      const { reference } = await target.create(wish, AbortSignal.timeout(30_000));
      target.close?.();
      driver = await openKms(reference + query, context);
      const store = keyStoreNamed(reference + query, { name: 'The store', setting, client });
      const imports = [
        // The store says where its vendor's settings are, and ConfigService has none of them.
        configurationOf({}),
        OidcKeyModule.forRootAsync({ useFactory: () => ({ store }) }),
      ];
      const [, adapter] = platforms[0]!;
      const { app } = await boot(adapter(), { imports }, undefined, new RecordingLogger());
      jwt = app.get(JwtService);
    }, 120_000);
    afterAll(async () => {
      driver?.close?.();
      await closeAll();
      await running?.stop();
    });

    describeSigning(() => jwt);
    describeVerifying(
      () => jwt,
      async (header, payload) => {
        const input = `${base64url(header)}.${base64url(payload)}`;
        const signature = await driver.sign(Buffer.from(input), algorithm, AbortSignal.timeout(10_000));
        return `${input}.${signature.toString('base64url')}`;
      },
    );
  });
}
