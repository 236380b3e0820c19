// Ends tokens for clients (RFC 7009).
import { Controller, Header, HttpCode, Post, Req, UseInterceptors } from '@nestjs/common';
import type { Request } from 'express';
import { ClientAuthentication } from '../clients/client-authentication.js';
import { TokenLookup } from './token-lookup.js';
import { TokenRepository } from './token.repository.js';
import { FailedAttempts } from '../throttling/failed-attempts.js';

/** The revocation endpoint (RFC 7009). */
@Controller('revoke')
export class RevocationController {
  constructor(
    private readonly clientAuthentication: ClientAuthentication,
    private readonly tokenLookup: TokenLookup,
    private readonly tokens: TokenRepository,
  ) {}

  @Post()
  @UseInterceptors(FailedAttempts)
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async revoke(@Req() request: Request): Promise<void> {
    const client = await this.clientAuthentication.authenticate(request);
    const token = await this.tokenLookup.find(request.body);
    // Section 2.2: an unknown token is answered like a revoked one. A token of another client is unknown to
    // this one.
    if (token?.stored.client.id === client.id) await this.tokens.end(token.stored);
  }
}
