/**
 * The guard of a resource server: it accepts the access tokens of one issuer, or of several.
 *
 * @module nestjs-oidc-key/resource-server
 */

export { OidcKeyError, OidcTokenError } from '../core/errors.js';
export { AccessToken, OptionalAccessToken, Public, RequireScopes } from './access-token.decorators.js';
export { AccessTokenGuard } from './access-token.guard.js';
export { AccessTokenVerifier } from './access-token.verifier.js';
export { BearerTokenException, readBearerToken } from './bearer-token.js';
export { ResourceServerModule } from './resource-server.module.js';
export { bearerTokenOf, bearerTokenOfHandshake } from './token-location.js';
export { accessTokenOf } from './verified-tokens.js';

export type { AccessTokenClaims } from './access-token.claims.js';
export type { BearerRequest } from './bearer-token.js';
export type { SocketHandshake } from './transports/web-socket.js';
export type {
  IssuerOptions,
  ResourceServerAsyncOptions,
  ResourceServerExtras,
  ResourceServerOptions,
  SeveralIssuersOptions,
  TokenLocationOptions,
} from './resource-server.options.js';
