// What @jmondi/oauth2-server 5.0.0 declares of what the documentation and the small sample use, written down from its
// sources at the tag v5.0.0, since the registry does not have it. No type of ours stands here.
import type { JwtInterface } from '../../support/jmondi-5.types.js';

// oxlint-disable-next-line typescript/no-explicit-any -- as it stands there
type Columns = { [column: string]: any };

export type GrantIdentifier =
  | 'authorization_code'
  | 'client_credentials'
  | 'refresh_token'
  | 'password'
  | 'implicit'
  | 'urn:ietf:params:oauth:grant-type:token-exchange'
  | `custom:${string}`;

export type OAuthUserIdentifier = string | number;

export interface OAuthScope extends Columns {
  name: string;
}

export interface OAuthUser extends Columns {
  id: OAuthUserIdentifier;
}

export interface OAuthClient extends Columns {
  id: string;
  name: string;
  secret?: string | null;
  redirectUris: string[];
  allowedGrants: GrantIdentifier[];
  scopes: OAuthScope[];
}

export interface OAuthToken {
  accessToken: string;
  accessTokenExpiresAt: Date;
  refreshToken?: string | null;
  refreshTokenExpiresAt?: Date | null;
  client: OAuthClient;
  user?: OAuthUser | null;
  scopes: OAuthScope[];
  originatingAuthCodeId?: string;
}

export interface OAuthAuthCode {
  code: string;
  redirectUri?: string | null;
  codeChallenge?: string | null;
  codeChallengeMethod?: 'S256' | 'plain' | null;
  expiresAt: Date;
  user?: OAuthUser | null;
  client: OAuthClient;
  scopes: OAuthScope[];
  nonce?: string | null;
  authTime?: number | null;
  maxAge?: number | null;
}

export interface OAuthClientRepository {
  getByIdentifier(clientId: string): Promise<OAuthClient>;
  isClientValid(grantType: GrantIdentifier, client: OAuthClient, clientSecret?: string): Promise<boolean>;
}

export interface OAuthScopeRepository {
  getAllByIdentifiers(scopeNames: string[]): Promise<OAuthScope[]>;
  finalize(
    scopes: OAuthScope[],
    identifier: GrantIdentifier,
    client: OAuthClient,
    userId?: OAuthUserIdentifier,
  ): Promise<OAuthScope[]>;
}

export interface OAuthTokenRepository {
  issueToken(client: OAuthClient, scopes: OAuthScope[], user?: OAuthUser | null): Promise<OAuthToken>;
  issueRefreshToken(accessToken: OAuthToken, client: OAuthClient): Promise<OAuthToken>;
  persist(accessToken: OAuthToken): Promise<void>;
  revoke(accessToken: OAuthToken): Promise<void>;
  revokeDescendantsOf?(authCodeId: string): Promise<void>;
  isRefreshTokenRevoked(refreshToken: OAuthToken): Promise<boolean>;
  isAccessTokenRevoked?(accessToken: OAuthToken): Promise<boolean>;
  getByRefreshToken(refreshTokenToken: string): Promise<OAuthToken>;
  getByAccessToken?(accessTokenToken: string): Promise<OAuthToken>;
}

export interface OAuthAuthCodeRepository {
  getByIdentifier(authCodeCode: string): Promise<OAuthAuthCode>;
  issueAuthCode(
    client: OAuthClient,
    user: OAuthUser | undefined,
    scopes: OAuthScope[],
  ): OAuthAuthCode | Promise<OAuthAuthCode>;
  persist(authCode: OAuthAuthCode): Promise<void>;
  isRevoked(authCodeCode: string): Promise<boolean>;
  revoke(authCodeCode: string): Promise<void>;
}

export interface OAuthUserRepository {
  getUserByCredentials(
    identifier: OAuthUserIdentifier,
    password?: string,
    grantType?: GrantIdentifier,
    client?: OAuthClient,
  ): Promise<OAuthUser | undefined>;
}

export interface OidcOptions {
  authorizationEndpoint: string;
  tokenEndpoint: string;
  userinfoEndpoint: string;
  jwksUri: string;
  getUserClaims: (subject: string) => Record<string, unknown> | Promise<Record<string, unknown>>;
  getIdTokenClaims?: (context: {
    subject: string;
    clientId: string;
    scopes: string[];
    [context: string]: unknown;
  }) => Record<string, unknown> | Promise<Record<string, unknown>>;
  metadata?: Record<string, unknown>;
}

export interface AuthorizationServerOptions {
  issuer?: string;
  oidc?: OidcOptions;
  requiresPKCE: boolean;
  requiresS256: boolean;
  notBeforeLeeway: number;
}

export interface OAuthResponse {
  status: number;
  headers: Record<string, unknown>;
  body: Record<string, unknown>;
}

export declare class OAuthRequest {
  query: Record<string, unknown>;
}

export declare class OAuthException extends Error {
  static badRequest(message: string): OAuthException;
}

interface AuthorizationRequest {
  user?: OAuthUser | null;
  isAuthorizationApproved: boolean;
}

type EnableGrant =
  | 'client_credentials'
  | 'refresh_token'
  | {
      grant: 'authorization_code';
      userRepository: OAuthUserRepository;
      authCodeRepository: OAuthAuthCodeRepository;
    };

export declare class AuthorizationServer {
  constructor(
    clientRepository: OAuthClientRepository,
    tokenRepository: OAuthTokenRepository,
    scopeRepository: OAuthScopeRepository,
    serviceOrString: JwtInterface | string,
    options?: Partial<AuthorizationServerOptions>,
  );
  enableGrantTypes(...grants: EnableGrant[]): void;
  respondToAccessTokenRequest(request: OAuthRequest): Promise<OAuthResponse>;
  validateAuthorizationRequest(request: OAuthRequest): Promise<AuthorizationRequest>;
  completeAuthorizationRequest(request: AuthorizationRequest): Promise<OAuthResponse>;
}
