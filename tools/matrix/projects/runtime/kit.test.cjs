const { test } = require('node:test');

require('reflect-metadata');
const { NestFactory } = require('@nestjs/core');
const { JwtService } = require('nestjs-oidc-key');
const { assertSignedBy, OidcKeyTestingModule, withRotation } = require('nestjs-oidc-key/testing');

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
