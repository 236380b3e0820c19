import { Logger, Module } from '@nestjs/common';
import type { INestApplication, LoggerService, ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';

/** Every end-to-end test runs on both. */
export const platforms: [string, () => AbstractHttpAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

export interface RunningApplication {
  readonly app: INestApplication;
  readonly url: string;
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

/** Keeps every line that is logged, at every level, as it would be printed. */
export class RecordingLogger implements LoggerService {
  readonly lines: unknown[][] = [];
  readonly #record = (...parts: unknown[]) => void this.lines.push(parts);
  log = this.#record;
  error = this.#record;
  warn = this.#record;
  debug = this.#record;
  verbose = this.#record;
  fatal = this.#record;
}

const running: INestApplication[] = [];

/** Boots an application the way a main.ts does, and rejects where that would end the process. */
export async function boot(
  adapter: AbstractHttpAdapter,
  metadata: ModuleMetadata,
  setUp: (app: INestApplication) => void = () => undefined,
  logger: LoggerService | false = false,
  port = 0,
): Promise<RunningApplication> {
  class Application {}
  Module(metadata)(Application);
  const app = await NestFactory.create(Application, adapter, { abortOnError: false, logger });
  running.push(app);
  setUp(app);
  await app.listen(port, '127.0.0.1');
  const url = await app.getUrl();
  return { app, url, fetch: (path, init) => fetch(`${url}${path}`, init) };
}

/** For afterEach: nothing stays open. */
export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((app) => app.close()));
  Logger.overrideLogger(false);
}
