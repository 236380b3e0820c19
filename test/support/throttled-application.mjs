// A process of its own: @nestjs/throttler is CommonJS and requires the ESM-only Nest 12, which jest cannot do.
import 'reflect-metadata';

import { generateKeyPairSync } from 'node:crypto';

import { Module } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { SkipThrottle, ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { OidcKeyModule } from 'nestjs-oidc-key';

const [platform, skip] = process.argv.slice(2);
const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });

class Application {}
Module({
  imports: [
    OidcKeyModule.forRoot({ key, jwks: { decorators: skip ? [SkipThrottle()] : [] } }),
    ThrottlerModule.forRoot([{ ttl: 60_000, limit: 1 }]),
  ],
  providers: [{ provide: APP_GUARD, useClass: ThrottlerGuard }],
})(Application);

const adapter = platform === 'Fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(Application, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
process.stdout.write(`${await app.getUrl()}\n`);
