import { afterEach, describe, expect, it } from '@jest/globals';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';
import { MemoryKeyStore, OidcKeyTestingModule, testKey, withRotation } from 'nestjs-oidc-key/testing';

import { configurationOf } from '../support/configuration.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { headerOf } from '../support/tokens.js';

afterEach(closeAll);

type Imports = NonNullable<Parameters<typeof boot>[1]['imports']>;

const express = platforms[0]![1];
const start = async (imports: Imports, adapter = express()) => (await boot(adapter, { imports })).app;

describe.each(platforms)('a rotation that is sound, on %s', (_, adapter) => {
  it.each<[string, () => Imports]>([
    ['of the testing module', () => [OidcKeyTestingModule.forRoot()]],
    ['of a store', () => [OidcKeyTestingModule.forRoot({ store: new MemoryKeyStore(testKey('ES256')) })]],
    [
      'of a setting',
      () => [configurationOf({ OIDC_PRIVATE_KEY: testKey('EdDSA') }), OidcKeyModule.forRootAsync()],
    ],
    ['of the option "key"', () => [OidcKeyModule.forRoot({ key: [testKey(), testKey('ES256')] })]],
  ])('passes where the key is that %s', async (__, imports) => {
    const app = await start(imports(), adapter());
    const before = headerOf(await app.get(JwtService).sign({})).kid;
    const real = Date.now();

    const rotation = await withRotation(app);
    await rotation.rotate();
    await rotation.complete();

    expect(headerOf(await app.get(JwtService).sign({})).kid).not.toBe(before);
    expect(
      app
        .get(KeyRotation)
        .status()
        .keys.map(({ kid }) => kid),
    ).not.toContain(before);
    expect(rotation.now.getTime() - real).toBeGreaterThan(30 * 86_400_000);
    expect(Date.now() - real).toBeLessThan(60_000);
  });
});

it('goes on with the next rotation where the one before is complete', async () => {
  const rotation = await withRotation(await start([OidcKeyTestingModule.forRoot()]));
  for (let time = 0; time < 3; time += 1) {
    await rotation.rotate();
    await rotation.complete();
  }
});
