// Builds the AuthorizationServer of @jmondi/oauth2-server, with JwtService in it.
import { AuthorizationServer, DateInterval } from '@jmondi/oauth2-server';
import type { FactoryProvider } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { JwtService } from 'nestjs-oidc-key';
import { ClientRepository } from '../clients/client.repository.js';
import type { Settings } from '../settings.js';
import { UserRepository } from '../users/user.repository.js';
import { AuthCodeRepository } from './auth-code.repository.js';
import { IdTokenService } from './id-token.service.js';
import { OidcAuthCodeGrant } from './oidc-auth-code.grant.js';
import { ScopeRepository } from './scope.repository.js';
import { StrictRefreshTokenGrant } from './strict-refresh-token.grant.js';
import { TokenRepository } from './token.repository.js';

// A resource server that verifies by the JWKS alone, as /api/me does, learns of no revocation. This is how long
// it can be wrong.
const ACCESS_TOKEN_LIFETIME = new DateInterval('15m');

function createAuthorizationServer(
  clients: ClientRepository,
  tokens: TokenRepository,
  scopes: ScopeRepository,
  authCodes: AuthCodeRepository,
  users: UserRepository,
  jwt: JwtService,
  idTokens: IdTokenService,
  config: ConfigService<Settings, true>,
): AuthorizationServer {
  const server = new AuthorizationServer(clients, tokens, scopes, jwt, {
    requiresPKCE: true,
    requiresS256: true,
    useOpaqueRefreshTokens: config.get('OPAQUE_REFRESH_TOKENS', { infer: true }) === 'true',
  });
  // The grants need the whole of the options, and the defaults are not exported.
  const { options } = server.getGrant('client_credentials');

  server.enableGrantTypes(
    ['client_credentials', ACCESS_TOKEN_LIFETIME],
    [{ grant: new StrictRefreshTokenGrant(clients, tokens, scopes, jwt, options) }, ACCESS_TOKEN_LIFETIME],
    [
      { grant: new OidcAuthCodeGrant(authCodes, users, clients, tokens, scopes, jwt, idTokens, options) },
      ACCESS_TOKEN_LIFETIME,
    ],
  );
  return server;
}

export const authorizationServerProvider: FactoryProvider<AuthorizationServer> = {
  provide: AuthorizationServer,
  inject: [
    ClientRepository,
    TokenRepository,
    ScopeRepository,
    AuthCodeRepository,
    UserRepository,
    JwtService,
    IdTokenService,
    ConfigService,
  ],
  useFactory: createAuthorizationServer,
};
