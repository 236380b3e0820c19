/**
 * The guard of a resource server: it accepts the access tokens of one issuer.
 *
 * @module nestjs-oidc-key/resource-server
 */

export { AccessToken, Public, RequireScopes } from './access-token.decorators.js';
export { AccessTokenGuard } from './access-token.guard.js';
export { BearerTokenException, readBearerToken } from './bearer-token.js';
export { ResourceServerModule } from './resource-server.module.js';

export type { AccessTokenClaims } from './access-token.claims.js';
export type { BearerRequest } from './bearer-token.js';
export type {
  ResourceServerAsyncOptions,
  ResourceServerExtras,
  ResourceServerOptions,
} from './resource-server.options.js';
