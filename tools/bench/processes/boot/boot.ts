import 'reflect-metadata';

import type { Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Starts an application, and writes how long that took since the process began, and what it takes. */
export async function boot(module: Type): Promise<void> {
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  const milliseconds = performance.now();
  globalThis.gc!();
  process.stdout.write(JSON.stringify({ milliseconds, megabytes: process.memoryUsage().rss / 2 ** 20 }));
  await app.close();
}
