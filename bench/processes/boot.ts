import 'reflect-metadata';

import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';

// The same application with the module and without it; the key is in the environment.
const imports = [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true })];
if (process.argv[2] === 'with')
  imports.push((await import('nestjs-oidc-key')).OidcKeyModule.forRootAsync() as never);

@Module({ imports })
class BootModule {}

const app = await NestFactory.create(BootModule, { logger: false });
await app.listen(0, '127.0.0.1');
const milliseconds = performance.now();
globalThis.gc!();
process.stdout.write(JSON.stringify({ milliseconds, megabytes: process.memoryUsage().rss / 2 ** 20 }));
await app.close();
