import { HttpException } from '@nestjs/common';

/** The parts of a request that Express and Fastify share. */
export interface BearerRequest {
  readonly headers: { readonly authorization?: string | undefined };
  readonly query?: unknown;
}

type ErrorCode = 'invalid_request' | 'invalid_token' | 'insufficient_scope' | 'temporarily_unavailable';

/**
 * What a protected resource answers to a request that it refuses (RFC 6750 section 3). The guard sets the header
 * `WWW-Authenticate` itself; whoever throws one elsewhere sets it to `challenge`.
 */
export class BearerTokenException extends HttpException {
  /** The value of the header `WWW-Authenticate`; undefined for 503. */
  readonly challenge: string | undefined;
  /** The error as a client reads it, whatever the transport is. */
  readonly body: {
    readonly statusCode: number;
    readonly message: string;
    /** Undefined where no token was sent (RFC 6750 section 3.1). */
    readonly error?: string;
    readonly error_description?: string;
    readonly scope?: string;
  };

  /** What the operator is told beyond that; never a part of what was sent. */
  readonly reason: string | undefined;

  private constructor(
    status: 400 | 401 | 403 | 503,
    message: string,
    error?: ErrorCode,
    { scope, reason }: { scope?: string; reason?: string | undefined } = {},
  ) {
    const members = error === undefined ? {} : { error, error_description: message };
    const body = { statusCode: status, message, ...members, ...(scope === undefined ? {} : { scope }) };
    super(body, status);
    this.body = body;
    this.reason = reason;
    const attributes = Object.entries({ ...members, ...(scope === undefined ? {} : { scope }) });
    const written = attributes.map(([name, value]) => `${name}="${value}"`).join(', ');
    this.challenge = status === 503 ? undefined : `Bearer ${written}`.trim();
  }

  /** 401 without an error, for a request that did not try to authenticate (RFC 6750 section 3.1). */
  static missing(reason?: string): BearerTokenException {
    return new BearerTokenException(401, 'An access token is required', undefined, { reason });
  }

  /** 400 `invalid_request`. */
  static inQuery(): BearerTokenException {
    return new BearerTokenException(
      400,
      'An access token is not accepted in the query string',
      'invalid_request',
    );
  }

  /** 400 `invalid_request`, for two that differ (RFC 6750 section 2). */
  static several(): BearerTokenException {
    return new BearerTokenException(400, 'Two different access tokens were sent', 'invalid_request');
  }

  /** 401 `invalid_token`. One text for every defect: a caller who tries forged tokens learns nothing from it. */
  static invalidToken(reason?: string): BearerTokenException {
    const message = 'The access token is invalid, expired or revoked';
    return new BearerTokenException(401, message, 'invalid_token', { reason });
  }

  /** 403 `insufficient_scope`, with the scopes that are required. */
  static insufficientScope(...scopes: string[]): BearerTokenException {
    const message = `The scope${scopes.length > 1 ? 's' : ''} ${scopes.join(' ')} ${scopes.length > 1 ? 'are' : 'is'} required`;
    return new BearerTokenException(403, message, 'insufficient_scope', { scope: scopes.join(' ') });
  }

  /** 503 `temporarily_unavailable`: the issuer's keys cannot be had, and nothing is known about the token. */
  static keysUnavailable(): BearerTokenException {
    return new BearerTokenException(
      503,
      'The access token cannot be checked at present',
      'temporarily_unavailable',
    );
  }
}

/**
 * The access token of the `Authorization` header (RFC 6750 section 2.1); undefined where the request has none.
 *
 * @throws BearerTokenException 400 for one in the query string, 401 for one that is no token
 */
export function bearerTokenIn({ headers, query }: BearerRequest): string | undefined {
  // URLs end up in logs and in the Referer header (RFC 9700 section 4.3.2).
  if (typeof query === 'object' && query !== null && 'access_token' in query) {
    throw BearerTokenException.inQuery();
  }
  const { authorization } = headers;
  if (authorization === undefined || !/^Bearer(?![\w!#$%&'*+.^`|~-])/i.test(authorization)) return undefined;
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization) ?? [];
  // Somebody tried to be somebody: not to be taken for nobody where a token is optional.
  if (token === undefined) {
    throw BearerTokenException.invalidToken('what was sent is not "Bearer" and one token');
  }
  return token;
}

/**
 * The same for whoever requires one.
 *
 * @throws BearerTokenException 401 where there is none, 400 for one in the query string
 */
export function readBearerToken(request: BearerRequest): string {
  const token = bearerTokenIn(request);
  if (token === undefined) throw BearerTokenException.missing();
  return token;
}
