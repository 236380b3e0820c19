import { afterAll, beforeAll, describe } from '@jest/globals';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { describeSigning } from './support/contract-of-signing.js';
import { describeVerifying } from './support/contract-of-verifying.js';
import { makeRsaKey, pemOf } from './support/keys.js';
import { boot, closeAll, platforms } from './support/platforms.js';
import { forge } from './support/tokens.js';

// What the module provides counts all that is asked of it, which one that an application makes itself does not.
describe('the JwtService that the module provides', () => {
  const key = makeRsaKey();
  let jwt: JwtService;
  beforeAll(async () => {
    const [, adapter] = platforms[0]!;
    const { app } = await boot(adapter(), { imports: [OidcKeyModule.forRoot({ key: pemOf(key) })] });
    jwt = app.get(JwtService);
  });
  afterAll(closeAll);

  describeSigning(() => jwt);
  describeVerifying(
    () => jwt,
    async (header, payload) => forge(key, header, payload),
  );
});
