import 'reflect-metadata';

import { Controller, Module, Post } from '@nestjs/common';
import type { DynamicModule } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';

/** Every application has one, and the first costs most. */
@Controller('token')
class TokenController {
  @Post()
  token() {
    return {};
  }
}

/** Starts an application, and writes how long that took since the process began, and what it takes. */
export async function boot(imports: DynamicModule[]): Promise<void> {
  @Module({
    imports: [ConfigModule.forRoot({ isGlobal: true, ignoreEnvFile: true }), ...imports],
    controllers: [TokenController],
  })
  class BootModule {}

  const app = await NestFactory.create(BootModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const milliseconds = performance.now();
  globalThis.gc!();
  process.stdout.write(JSON.stringify({ milliseconds, megabytes: process.memoryUsage().rss / 2 ** 20 }));
  await app.close();
}
