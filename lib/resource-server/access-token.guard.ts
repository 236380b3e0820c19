import { Inject, Injectable, Logger, ServiceUnavailableException } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { HttpAdapterHost, Reflector } from '@nestjs/core';

import { scopesOf } from './access-token.claims.js';
import type { AccessTokenClaims } from './access-token.claims.js';
import { IS_PUBLIC, REQUIRED_SCOPES } from './access-token.decorators.js';
import type { AuthorizedRequest } from './access-token.decorators.js';
import { AccessTokenVerifier } from './access-token.verifier.js';
import { BearerTokenException, readBearerToken } from './bearer-token.js';
import type { BearerRequest } from './bearer-token.js';

/**
 * Lets a request pass that carries a valid access token (RFC 6750, RFC 9068 section 4), and refuses others with 400,
 * 401 or 403 and a `WWW-Authenticate` header. Where the issuer's keys cannot be had, it answers 503.
 */
@Injectable()
export class AccessTokenGuard implements CanActivate {
  readonly #logger = new Logger(AccessTokenGuard.name);

  /** @hidden Nest calls it. */
  constructor(
    @Inject(AccessTokenVerifier) private readonly verifier: AccessTokenVerifier,
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {}

  /** @throws BearerTokenException, ServiceUnavailableException */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(IS_PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<BearerRequest & AuthorizedRequest>();
    const required = this.reflector.getAllAndMerge<string[]>(REQUIRED_SCOPES, targets);
    try {
      request.accessToken = await this.#accept(readBearerToken(request), required);
      return true;
    } catch (error) {
      if (error instanceof BearerTokenException) {
        const response: unknown = context.switchToHttp().getResponse();
        this.host.httpAdapter.setHeader(response, 'WWW-Authenticate', error.challenge);
      }
      throw error;
    }
  }

  async #accept(token: string, required: readonly string[]): Promise<AccessTokenClaims> {
    const claims = await this.verifier.verify(token).catch((error: unknown) => this.#keysMissing(error));
    if (!claims) throw BearerTokenException.invalidToken();
    const granted = scopesOf(claims);
    if (!required.every((scope) => granted.includes(scope))) {
      throw BearerTokenException.insufficientScope(...required);
    }
    return claims;
  }

  #keysMissing(error: unknown): never {
    this.#logger.error(`The issuer's keys cannot be had: ${reasonOf(error)}`);
    throw new ServiceUnavailableException();
  }
}

/** The message and, where fetch hides it, the code of its cause; neither holds a part of the token. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as { message: string; cause?: { code?: string } };
  return cause?.code === undefined ? message : `${message} (${cause.code})`;
}
