import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

const { default: platform } = await import(`./${process.argv[2]}.cjs`);

class AppModule {}
Module({ imports: [ConfigModule.forRoot({ isGlobal: true }), OidcKeyModule.forRootAsync()] })(AppModule);

const app = await NestFactory.create(AppModule, platform(), { logger: ['error', 'warn'] });
app.enableShutdownHooks();
app.setGlobalPrefix('api');
await app.listen(0, '127.0.0.1');
const jwt = app.get(JwtService);
const token = await jwt.sign({ sub: 'alice' });
await jwt.verify(token);
console.log(JSON.stringify({ url: await app.getUrl(), token }));
