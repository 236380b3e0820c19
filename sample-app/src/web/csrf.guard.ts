// Refuses forms that another site sent.
import { timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, ForbiddenException, Injectable } from '@nestjs/common';
import type { Request } from 'express';

/** Refuses a form that was not made for this session: the synchronizer token pattern of the OWASP cheat sheet. */
@Injectable()
export class CsrfGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { session, body } = context
      .switchToHttp()
      .getRequest<Request<unknown, unknown, { csrf_token?: unknown }>>();
    if (!isSame(session.csrfToken, body?.csrf_token)) {
      throw new ForbiddenException('This form has expired.');
    }
    return true;
  }
}

function isSame(expected: string | undefined, received: unknown): boolean {
  if (expected === undefined || typeof received !== 'string') return false;
  const a = Buffer.from(expected);
  const b = Buffer.from(received);
  return a.length === b.length && timingSafeEqual(a, b);
}
