// Takes refresh tokens alone where the grant of 4.3.7 takes any token of this server.
import { type AuthorizationServerOptions, RefreshTokenGrant } from '@jmondi/oauth2-server';
import type { JwtService } from 'nestjs-oidc-key';
import type { ClientRepository } from '../clients/client.repository.js';
import type { ScopeRepository } from './scope.repository.js';
import type { TokenRepository } from './token.repository.js';

/** The refresh token grant, which takes refresh tokens only and no other token of this server. */
export class StrictRefreshTokenGrant extends RefreshTokenGrant {
  constructor(
    clients: ClientRepository,
    tokens: TokenRepository,
    scopes: ScopeRepository,
    private readonly jwtService: JwtService,
    options: AuthorizationServerOptions,
  ) {
    super(clients, tokens, scopes, jwtService, options);
  }

  protected override decrypt(refreshToken: string): Promise<Record<string, unknown>> {
    return this.jwtService.verify(refreshToken, { typ: 'refresh+jwt' });
  }
}
