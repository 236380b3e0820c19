import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { ShutdownSignal } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';
import helmet from 'helmet';
import { AppModule } from './app.module.js';
import { AllowedOrigins } from './clients/allowed-origins.js';
import { corsFor } from './clients/cors.js';
import { publicFolder } from './locations.js';
import { settingsSchema } from './settings.js';
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
  app.use(helmet({ contentSecurityPolicy: false }));
  app.useStaticAssets(fileURLToPath(publicFolder), { maxAge: '1h' });
  app.use(defaultHeaders);
  // OAuth speaks forms only; a body of any other type is not read. The size is that of a generous request.
  app.useBodyParser('urlencoded', { extended: false, limit: '16kb' });
  app.enableCors(corsFor(app.get(AllowedOrigins)));
  limitRequestTimes(app);
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
