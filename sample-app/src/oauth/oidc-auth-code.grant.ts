// The authorization code grant with what OpenID Connect adds to it: the ID token, and PKCE by client.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  AuthCodeGrant,
  type AuthorizationRequest,
  type AuthorizationServerOptions,
  DateInterval,
  type ExtraAccessTokenFields,
  type OAuthClient,
  OAuthException,
  type OAuthScope,
  type OAuthToken,
  type RequestInterface,
  type ResponseInterface,
} from '@jmondi/oauth2-server';
import type { JwtService } from 'nestjs-oidc-key';
import type { ClientRepository } from '../clients/client.repository.js';
import type { UserRepository } from '../users/user.repository.js';
import type { AuthCodeRepository } from './auth-code.repository.js';
import type { IdTokenService } from './id-token.service.js';
import type { ScopeRepository } from './scope.repository.js';
import type { TokenRepository } from './token.repository.js';

/** What the ID token has to repeat of the authorization request and of the sign-in that answered it. */
export interface Authentication {
  nonce?: string;
  /** Seconds since the epoch. A client that sent max_age must be told (OpenID Connect Core section 2). */
  authTime?: number;
  /** The session of that sign-in (OpenID Connect Front-Channel Logout section 3). */
  sid?: string;
}

export type OidcAuthorizationRequest = AuthorizationRequest & Authentication;

interface TokenRequest extends Authentication {
  hasCodeVerifier?: boolean;
}

/**
 * The authorization code grant, with an ID token. 4.3.7 knows no OpenID Connect, so nonce and auth_time travel
 * inside the signed authorization code: nothing else lives from the consent to the token request. The grant
 * has no parameter for them on the way to `encrypt` and back from `decrypt`; the AsyncLocalStorage is that
 * parameter, and keeps requests that run at the same time apart.
 */
export class OidcAuthCodeGrant extends AuthCodeGrant {
  // Long enough for a slow redirect, too short to be of use in a log file.
  protected override authCodeTTL = new DateInterval('1m');

  private readonly authentication = new AsyncLocalStorage<TokenRequest>();

  constructor(
    authCodes: AuthCodeRepository,
    private readonly users: UserRepository,
    private readonly clients: ClientRepository,
    tokens: TokenRepository,
    scopes: ScopeRepository,
    private readonly jwtService: JwtService,
    private readonly idTokens: IdTokenService,
    options: AuthorizationServerOptions,
  ) {
    // 4.3.7 requires PKCE of every client or of none; here it depends on the client, at both endpoints. A challenge
    // that was sent is enforced by 4.3.7 all the same.
    super(authCodes, users, clients, tokens, scopes, jwtService, { ...options, requiresPKCE: false });
    // `encrypt` and `decrypt` are not called for them, so each nonce would be lost without a word.
    if (options.useOpaqueAuthorizationCodes) {
      throw new Error(
        'OidcAuthCodeGrant carries nonce and auth_time in codes that are JWTs, not in opaque ones',
      );
    }
  }

  override async validateAuthorizationRequest(request: RequestInterface): Promise<AuthorizationRequest> {
    const validated = await super.validateAuthorizationRequest(request);
    if (validated.codeChallenge === undefined && (await this.isPkceRequired(validated.client.id))) {
      throw OAuthException.invalidParameter('code_challenge', 'PKCE is required (RFC 7636)');
    }
    return validated;
  }

  override async completeAuthorizationRequest(request: OidcAuthorizationRequest): Promise<ResponseInterface> {
    const { nonce, authTime, sid } = request;
    if (authTime === undefined)
      throw new Error('When the user signed in is not set on the authorization request');
    return this.authentication.run({ nonce, authTime, sid }, () =>
      super.completeAuthorizationRequest(request),
    );
  }

  override respondToAccessTokenRequest(
    request: RequestInterface,
    accessTokenTTL: DateInterval,
  ): Promise<ResponseInterface> {
    const hasCodeVerifier = this.getRequestParameter('code_verifier', request) !== undefined;
    return this.authentication.run({ hasCodeVerifier }, () =>
      super.respondToAccessTokenRequest(request, accessTokenTTL),
    );
  }

  override async makeBearerTokenResponse(
    client: OAuthClient,
    token: OAuthToken,
    scopes: OAuthScope[] = [],
    extraFields: ExtraAccessTokenFields = {},
  ) {
    const response = await super.makeBearerTokenResponse(client, token, scopes, extraFields);
    if (!token.user || !scopes.some((scope) => scope.name === 'openid')) return response;

    response.body['id_token'] = await this.idTokens.issue({
      clientId: client.id,
      scopes: scopes.map(({ name }) => name),
      user: await this.users.getUserByCredentials(token.user.id),
      accessToken: String(response.body['access_token']),
      expiresAt: token.accessTokenExpiresAt,
      ...this.currentAuthentication(),
    });
    return response;
  }

  // Of all that a grant signs, only the authorization code comes as a string.
  protected override encrypt(payload: string | Buffer | Record<string, unknown>): Promise<string> {
    if (typeof payload !== 'string') return super.encrypt(payload);
    const { nonce, authTime, sid } = this.currentAuthentication();
    return super.encrypt(JSON.stringify({ ...JSON.parse(payload), nonce, auth_time: authTime, sid }));
  }

  protected override async decrypt(code: string): Promise<Record<string, unknown>> {
    // The type of the token is checked too, so that no other token of this server can pass for a code.
    const payload = await this.jwtService.verify(code, { typ: 'code+jwt' });
    const { nonce, auth_time: authTime, sid } = payload;
    // No code of this grant is without; one that is was made by code that lost what the ID token has to repeat.
    if (typeof authTime !== 'number')
      throw OAuthException.invalidGrant('The code does not tell of the sign-in');
    const authentication = this.currentAuthentication();
    await this.checkChallenge(payload, authentication.hasCodeVerifier);
    authentication.authTime = authTime;
    if (typeof nonce === 'string') authentication.nonce = nonce;
    if (typeof sid === 'string') authentication.sid = sid;
    return payload;
  }

  /**
   * A verifier for a code without a challenge is somebody who took the challenge out of the request (RFC 9700
   * section 2.1.1), and 4.3.7 would not look at it.
   */
  private async checkChallenge(code: Record<string, unknown>, hasCodeVerifier = false): Promise<void> {
    if (code['code_challenge'] !== undefined) return;
    if (hasCodeVerifier || (await this.isPkceRequired(String(code['client_id'])))) {
      throw OAuthException.invalidGrant('The code was asked for without a code_challenge');
    }
  }

  private async isPkceRequired(clientId: string): Promise<boolean> {
    return (await this.clients.getByIdentifier(clientId)).isPkceRequired;
  }

  private currentAuthentication(): TokenRequest {
    const authentication = this.authentication.getStore();
    if (!authentication) throw new Error('The grant was entered by another way than its own two methods');
    return authentication;
  }
}
