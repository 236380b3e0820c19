require('reflect-metadata');

const { Module } = require('@nestjs/common');
const { ConfigModule } = require('@nestjs/config');
const { NestFactory } = require('@nestjs/core');
const { JwtService, OidcKeyModule } = require('nestjs-oidc-key');

const platform = require(`./${process.argv[2]}.cjs`);

class AppModule {}
Module({ imports: [ConfigModule.forRoot({ isGlobal: true }), OidcKeyModule.forRootAsync()] })(AppModule);

async function bootstrap() {
  const app = await NestFactory.create(AppModule, platform(), { logger: ['error', 'warn'] });
  app.enableShutdownHooks();
  app.setGlobalPrefix('api');
  await app.listen(0, '127.0.0.1');
  const jwt = app.get(JwtService);
  const token = await jwt.sign({ sub: 'alice' });
  await jwt.verify(token);
  console.log(JSON.stringify({ url: await app.getUrl(), token }));
}
void bootstrap();
