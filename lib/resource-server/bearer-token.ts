import { HttpException } from '@nestjs/common';

/** The parts of a request that Express and Fastify share. */
export interface BearerRequest {
  readonly headers: { readonly authorization?: string | undefined };
  readonly query?: unknown;
}

type BearerTokenErrorCode = 'invalid_request' | 'invalid_token' | 'insufficient_scope';

/**
 * What a protected resource answers to a request that it refuses (RFC 6750 section 3). The guard sets the header
 * `WWW-Authenticate` itself; whoever throws one elsewhere sets it to `challenge`.
 */
export class BearerTokenException extends HttpException {
  /** The value of the header `WWW-Authenticate`. */
  readonly challenge: string;

  private constructor(status: 400 | 401 | 403, error?: BearerTokenErrorCode, message = '', scope?: string) {
    super(error === undefined ? {} : { error, error_description: message }, status);
    const attributes = { error, error_description: error && message, scope };
    const written = Object.entries(attributes).flatMap(([name, value]) =>
      value ? `${name}="${value}"` : [],
    );
    this.challenge = ['Bearer', written.join(', ')].join(' ').trim();
  }

  /** 401 without an error, for a request that did not try to authenticate (RFC 6750 section 3.1). */
  static missing(): BearerTokenException {
    return new BearerTokenException(401);
  }

  /** 400 `invalid_request`. */
  static inQuery(): BearerTokenException {
    return new BearerTokenException(
      400,
      'invalid_request',
      'An access token is not accepted in the query string',
    );
  }

  /** 401 `invalid_token`. One text for every defect: a caller who tries forged tokens learns nothing from it. */
  static invalidToken(): BearerTokenException {
    return new BearerTokenException(401, 'invalid_token', 'The access token is invalid, expired or revoked');
  }

  /** 403 `insufficient_scope`, with the scopes that are required. */
  static insufficientScope(...scopes: string[]): BearerTokenException {
    const required = scopes.join(' ');
    return new BearerTokenException(403, 'insufficient_scope', `The scope ${required} is required`, required);
  }
}

/**
 * The access token of the `Authorization` header (RFC 6750 section 2.1), which is the only place where one is accepted.
 *
 * @throws BearerTokenException 401 where there is none, 400 where one is in the query string
 */
export function readBearerToken({ headers, query }: BearerRequest): string {
  // URLs end up in logs and in the Referer header (RFC 9700 section 4.3.2).
  if (typeof query === 'object' && query !== null && 'access_token' in query)
    throw BearerTokenException.inQuery();
  const [, token] = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(headers.authorization ?? '') ?? [];
  if (token === undefined) throw BearerTokenException.missing();
  return token;
}
