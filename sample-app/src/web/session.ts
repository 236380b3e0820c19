// What a session holds, and how it begins and ends.
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { Request } from 'express';
import type { SessionData } from 'express-session';

declare module 'express-session' {
  interface SessionData {
    userId: string;
    /** Milliseconds since the epoch. */
    signedInAt: number;
    csrfToken: string;
    /** Names the sign-in in ID tokens, where the identifier of the session would give it away. */
    sid: string;
  }
}

/** Makes sure that the session will be stored, and returns the token that its forms must carry. */
export function startSession(session: Partial<SessionData>): string {
  session.csrfToken ??= randomBytes(32).toString('base64url');
  return session.csrfToken;
}

export function destroySession(request: Request): Promise<void> {
  return promisify<void>((done) => request.session.destroy(done))();
}

/** For what must be stored before the answer goes out; otherwise the session is stored along with it. */
export function saveSession(request: Request): Promise<void> {
  return promisify<void>((done) => request.session.save(done))();
}

export function regenerateSession(request: Request): Promise<void> {
  return promisify<void>((done) => request.session.regenerate(done))();
}
