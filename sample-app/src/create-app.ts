// Makes the application as it runs, for main.ts and for tests.
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { ShutdownSignal } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import { AllowedOrigins } from './clients/allowed-origins.js';
import { corsFor } from './clients/cors.js';
import { publicFolder } from './locations.js';
import { type Settings, settingsSchema } from './settings.js';
import { contentSecurityPolicy } from './web/content-security-policy.js';

export async function createApp(): Promise<NestExpressApplication> {
  // Awaited here and not listed in AppModule, where Nest would look at it too late: Node ends a process whose
  // promise fails while nobody waits for it, and the message would be lost in a stack trace.
  const configuration = await ConfigModule.forRoot({ isGlobal: true, validationSchema: settingsSchema });
  const root = { module: AppModule, imports: [configuration] };
  const app = await NestFactory.create<NestExpressApplication>(root, {
    // Whoever calls this decides what a failed start looks like. Nest's own log of it, which has the stack
    // trace, stays in the buffer.
    abortOnError: false,
    bufferLogs: true,
    autoFlushLogs: false,
    bodyParser: false,
  });
  configure(app);
  app.enableShutdownHooks([ShutdownSignal.SIGINT, ShutdownSignal.SIGTERM], { useProcessExit: true });
  app.flushLogs();
  return app;
}

/** What the application needs besides its modules. */
export function configure(app: NestExpressApplication): void {
  app.disable('x-powered-by');
  app.set('trust proxy', proxiesBefore(app.get<ConfigService<Settings, true>>(ConfigService)));
  app.use(helmet({ contentSecurityPolicy: false }));
  app.useStaticAssets(fileURLToPath(publicFolder), { maxAge: '1h' });
  app.use(defaultHeaders);
  // OAuth speaks forms only; a body of any other type is not read. The size is that of a generous request.
  app.useBodyParser('urlencoded', { extended: false, limit: '16kb' });
  app.enableCors(corsFor(app.get(AllowedOrigins)));
  limitRequestTimes(app);
}

// This server speaks no TLS, so with an https issuer there is a proxy. What it says of the client's address counts, and
// nothing that the client said to it.
function proxiesBefore(config: ConfigService<Settings, true>): number {
  const isBehindTls = config.get('ISSUER', { infer: true }).startsWith('https:');
  return config.get('PROXIES', { infer: true }) ?? (isBehindTls ? 1 : 0);
}

// Most answers hold a token, a form or an error; the few that may be cached say so themselves.
function defaultHeaders(_request: Request, response: Response, next: NextFunction): void {
  response.set('Cache-Control', 'no-store');
  response.set('Content-Security-Policy', contentSecurityPolicy());
  next();
}

// Node's own limits, a minute and five, are for uploads: whoever takes as long for a form only holds a connection.
function limitRequestTimes(app: NestExpressApplication): void {
  const server: Server = app.getHttpServer();
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
}
