// The token endpoint (RFC 6749 section 3.2).
import { AuthorizationServer, ErrorType, OAuthException } from '@jmondi/oauth2-server';
import { Controller, Header, HttpCode, Post, Req, UseInterceptors } from '@nestjs/common';
import type { Request } from 'express';
import { readClientCredentials } from '../clients/client-credentials.js';
import { readTokenRequest } from './token-request.js';
import { FailedAttempts } from '../throttling/failed-attempts.js';

/** The token endpoint (RFC 6749 section 3.2). */
@Controller('token')
export class TokenController {
  constructor(private readonly server: AuthorizationServer) {}

  @Post()
  @UseInterceptors(FailedAttempts)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async token(@Req() request: Request): Promise<Record<string, unknown>> {
    const parameters = readTokenRequest(request.body);
    const body = { ...parameters, ...readClientCredentials(request) };
    try {
      const response = await this.server.respondToAccessTokenRequest({ headers: {}, query: {}, body });
      return response.body;
    } catch (error) {
      throw asInvalidGrant(error);
    }
  }
}

// By now each parameter is there and is a string. What 4.3.7 still calls invalid_request is a code or refresh
// token that it refuses, for which clients look for invalid_grant (RFC 6749 section 5.2).
function asInvalidGrant(error: unknown): unknown {
  return error instanceof OAuthException && error.errorType === ErrorType.InvalidRequest
    ? OAuthException.invalidGrant(error.errorDescription)
    : error;
}
