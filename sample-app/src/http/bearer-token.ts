import type { Request } from 'express';
import { toErrorDescription } from './error-description.js';

/** What a protected resource answers to a request it refuses (RFC 6750 section 3). */
export class BearerTokenError extends Error {
  override readonly name = 'BearerTokenError';

  private constructor(
    readonly status: 400 | 401 | 403,
    readonly error: 'invalid_request' | 'invalid_token' | 'insufficient_scope' | undefined,
    message: string,
    readonly scope?: string,
  ) {
    super(message);
  }

  // Section 3.1: no error code for a request that did not try to authenticate.
  static missing(): BearerTokenError {
    return new BearerTokenError(401, undefined, 'An access token is required');
  }

  static invalidRequest(message: string): BearerTokenError {
    return new BearerTokenError(400, 'invalid_request', message);
  }

  // One text for every defect: a caller who tries forged tokens learns nothing from it.
  static invalidToken(): BearerTokenError {
    return new BearerTokenError(401, 'invalid_token', 'The access token is invalid, expired or revoked');
  }

  static insufficientScope(scope: string): BearerTokenError {
    return new BearerTokenError(403, 'insufficient_scope', `The scope ${scope} is required`, scope);
  }

  get challenge(): string {
    if (this.error === undefined) return 'Bearer';
    const description = toErrorDescription(this.message);
    const challenge = `Bearer error="${this.error}", error_description="${description}"`;
    return this.scope === undefined ? challenge : `${challenge}, scope="${this.scope}"`;
  }
}

/** The access token of the Authorization header, which is the only place where it is accepted. */
export function readBearerToken(request: Request): string {
  // URLs end up in logs and in the Referer header (RFC 9700 section 4.3.2).
  if (request.query['access_token'] !== undefined) {
    throw BearerTokenError.invalidRequest('An access token is not accepted in the query string');
  }
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw BearerTokenError.missing();
  return token;
}
