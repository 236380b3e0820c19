import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { expect, it } from '@jest/globals';

import { root, run } from '../../support/processes.js';

const bundle = JSON.stringify(pathToFileURL(join(root, 'dist/bundle/index.js')).href);

it('as many signatures at once as there may be make Node warn of nothing', async () => {
  const code = `
    import { generateKeyPairSync, sign } from 'node:crypto';
    import { setTimeout as wait } from 'node:timers/promises';
    import 'reflect-metadata';
    import { NestFactory } from '@nestjs/core';
    import { JwtService, OidcKeyModule } from ${bundle};
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const signer = {
      async sign(data) {
        await wait(5);
        return sign('sha256', data, privateKey);
      },
    };
    const issuer = OidcKeyModule.forRoot({ key: { key: publicKey, signer }, jwks: false });
    const app = await NestFactory.createApplicationContext(issuer, { logger: false, abortOnError: false });
    const jwt = app.get(JwtService);
    const tokens = await Promise.all(Array.from({ length: 200 }, (_, n) => jwt.sign({ n })));
    console.log(tokens.length);
    await app.close();`;
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code]);
  expect({ stdout, stderr }).toEqual({ stdout: '200\n', stderr: '' });
});
