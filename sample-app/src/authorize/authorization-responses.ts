// Makes the addresses that carry the answer to an authorization request.
import { ErrorType, OAuthException } from '@jmondi/oauth2-server';
import { Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { toErrorDescription } from '../http/error-description.js';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import type { Settings } from '../settings.js';
import { AuthorizationError } from './authorization-error.js';
import { LONGEST_STATE } from './authorization-parameters.js';

/** Makes the addresses that carry the answer to an authorization request back to the client. */
@Injectable()
export class AuthorizationResponses {
  private readonly logger = new Logger(AuthorizationResponses.name);
  private readonly issuer: string;

  constructor(config: ConfigService<Settings, true>) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  // `iss` tells a client that uses several servers which of them has answered (RFC 9207).
  success(location: string): string {
    return withParameters(location, { iss: this.issuer });
  }

  failure(redirectUri: string, state: unknown, cause: unknown): string {
    const { error, description } = this.describe(cause);
    const parameters = new URLSearchParams({ error });
    if (description !== undefined) parameters.set('error_description', toErrorDescription(description));
    // A state that was refused for its length, or for coming twice, is not carried on.
    if (typeof state === 'string' && state.length <= LONGEST_STATE) parameters.set('state', state);
    parameters.set('iss', this.issuer);
    return withParameters(redirectUri, parameters);
  }

  private describe(cause: unknown): { error: string; description?: string } {
    if (cause instanceof AuthorizationError) return cause;
    if (cause instanceof OAuthException && cause.errorType !== ErrorType.InternalServerError) {
      return { error: cause.errorType, description: cause.errorDescription };
    }
    this.logger.error(withoutQueryParameters(cause));
    return { error: 'server_error' };
  }
}

export function withParameters(uri: string, parameters: URLSearchParams | Record<string, string>): string {
  const separator = uri.includes('?') ? '&' : '?';
  return `${uri}${separator}${new URLSearchParams(parameters).toString()}`;
}
