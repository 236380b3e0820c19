import { test } from 'node:test';

import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { JwtService } from 'nestjs-oidc-key';
import { assertSignedBy, OidcKeyTestingModule, withRotation } from 'nestjs-oidc-key/testing';

class Application {}

test('a rotation loses no token', async (t) => {
  const module = { module: Application, imports: [OidcKeyTestingModule.forRoot()] };
  const app = await NestFactory.create(module, { logger: false, abortOnError: false });
  t.after(() => app.close());
  const rotation = await withRotation(app);
  await rotation.rotate();
  await rotation.complete();
  const jwt = app.get(JwtService);
  assertSignedBy(await jwt.sign({}), jwt);
});
