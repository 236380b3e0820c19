import { createPublicKey } from 'node:crypto';

import { afterEach, expect, it } from '@jest/globals';
import { ExpressAdapter } from '@nestjs/platform-express';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { rejectionOf } from '../support/errors.js';
import { keyNamed } from '../support/lives.js';
import { boot, closeAll, RecordingLogger } from '../support/platforms.js';
import { until } from '../support/waiting.js';

afterEach(closeAll);

it('that fails and signs again is in the log, on one line whatever the kid is', async () => {
  const { key, signer } = keyNamed('a\nb');
  let isAway = false;
  const sign = (data: Buffer) => (isAway ? Promise.reject(new Error('secret')) : signer.sign(data));
  const logger = new RecordingLogger();
  const { app } = await boot(
    new ExpressAdapter(),
    {
      imports: [
        OidcKeyModule.forRoot({
          key: {
            key: createPublicKey(key.publicKey.export({ type: 'spki', format: 'pem' })),
            kid: 'a\nb',
            signer: { sign },
          },
        }),
      ],
    },
    undefined,
    logger,
  );
  const jwt = app.get(JwtService);
  const said = () =>
    logger.lines.map(([line]) => String(line)).filter((line) => /No tokens|again/.test(line));
  isAway = true;
  await Promise.all(Array.from({ length: 6 }, () => rejectionOf(jwt.sign({}))));
  expect(app.get(KeyRotation).status().state).toBe('degraded');
  expect(said()).toEqual([
    expect.stringMatching(
      /^No tokens are signed with ES256 key a\\nb: The option "key" failed to sign \(Error\)/,
    ),
  ]);
  expect(said()[0]).not.toContain('secret');
  isAway = false;
  await until(() => app.get(KeyRotation).status().state === 'up');
  expect(said().slice(1)).toEqual(['ES256 key a\\nb signs again']);
});
