import { afterAll, beforeAll } from '@jest/globals';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { configurationOf } from '../../support/configuration.js';
import { describeSigning } from '../../support/contract-of-signing.js';
import { everyKms } from '../../support/kms/every-kms.js';
import type { RunningKms } from '../../support/kms/kms-under-test.js';
import { boot, closeAll, platforms, RecordingLogger } from '../../support/platforms.js';
import { describeStore } from '../../support/stores/store-under-test.js';

for (const kms of everyKms) {
  describeStore(kms, 'the contract of a JwtService', () => {
    let running: RunningKms;
    let jwt: JwtService;
    beforeAll(async () => {
      running = await kms.start();
      const setting = (name: string) => running.environment[name];
      const { client, query } = running;
      const driver = await openKms((await running.target('RS256')) + query, {
        name: 'The target',
        setting,
        client,
      });
      const wish = { alg: 'RS256', algorithm: algorithmNamed('RS256')!, bits: 2048 } as const;
      const { reference } = await driver.create(wish, AbortSignal.timeout(30_000));
      driver.close?.();
      const store = keyStoreNamed(reference + query, { name: 'The store', setting, client });
      const imports = [
        configurationOf({ ...running.environment }),
        OidcKeyModule.forRootAsync({ useFactory: () => ({ store }) }),
      ];
      const [, adapter] = platforms[0]!;
      const { app } = await boot(adapter(), { imports }, undefined, new RecordingLogger());
      jwt = app.get(JwtService);
    }, 120_000);
    afterAll(async () => {
      await closeAll();
      await running?.stop();
    });

    describeSigning(() => jwt);
  });
}
