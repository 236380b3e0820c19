// Gives the pages for people a session, and nothing else one.
import { Injectable, type NestMiddleware } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import session from 'express-session';
import type { Settings } from '../settings.js';
import { DatabaseSessionStore } from './database-session.store.js';

const EIGHT_HOURS = 8 * 3_600_000;

@Injectable()
export class SessionMiddleware implements NestMiddleware {
  private readonly handle: RequestHandler;

  constructor(store: DatabaseSessionStore, config: ConfigService<Settings, true>) {
    const secure = config.get('ISSUER', { infer: true }).startsWith('https:');
    this.handle = session({
      store,
      // The prefix makes browsers refuse a cookie of that name from any other host (RFC 6265bis section 4.1.3.2).
      name: secure ? '__Host-session' : 'session',
      secret: config.get('SESSION_SECRET', { infer: true }),
      resave: false,
      saveUninitialized: false,
      // With an https issuer TLS ends in front of this server, which says so in X-Forwarded-Proto.
      proxy: secure,
      cookie: { httpOnly: true, sameSite: 'lax', secure, path: '/', maxAge: EIGHT_HOURS },
    });
  }

  use(request: Request, response: Response, next: NextFunction): void {
    void this.handle(request, response, next);
  }
}
