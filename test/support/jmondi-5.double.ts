import { createHash, randomUUID } from 'node:crypto';

import type { ExtraAccessTokenFieldArgs, JwtInterface } from './jmondi-5.types.js';
import { headerOf } from './tokens.js';

const seconds = () => Math.floor(Date.now() / 1000);

const extraTokenFieldsArguments: ExtraAccessTokenFieldArgs = {
  user: { id: 'alice', email: 'alice@example.com' },
  client: {
    id: 'client',
    name: 'Client',
    redirectUris: ['https://client.example/callback'],
    allowedGrants: ['authorization_code'],
    scopes: [{ name: 'openid' }],
  },
  originatingAuthCodeId: 'code-1',
};

/**
 * A double of @jmondi/oauth2-server 5.0.0, which the registry does not have: its calls on a JwtService, with the
 * arguments that its sources pass, and nothing of what it does besides.
 */
export class Jmondi5Double {
  readonly #jwt: JwtInterface;
  readonly #issuer = 'https://issuer.example';

  /** With `oidc` its constructor asks for the key set at once, and refuses a service that throws or has none. */
  constructor(jwt: JwtInterface) {
    this.#jwt = jwt;
    if (!jwt.getKeySet) throw new Error('OIDC requires a JwtInterface that implements getKeySet()');
    jwt.getKeySet();
  }

  /** Serialised as it stands: a promise would become `{}`. */
  jwks(): string {
    return JSON.stringify(this.#jwt.getKeySet?.());
  }

  /** The hook's claims win over `iss` and `aud`, and lose to what the grant sets. */
  async accessToken(): Promise<string> {
    const extra = await this.#jwt.extraTokenFields?.(extraTokenFieldsArguments);
    return this.#jwt.sign(
      {
        iss: this.#issuer,
        aud: 'api',
        ...extra,
        cid: 'client',
        scope: 'openid',
        sub: 'alice',
        exp: seconds() + 60,
        nbf: seconds(),
        iat: seconds(),
        jti: randomUUID(),
      },
      { header: { typ: 'at+jwt', alg: 'RS256' } },
    );
  }

  idToken(accessToken: string): Promise<string> {
    const half = createHash('sha256').update(accessToken).digest().subarray(0, 16);
    return this.#jwt.sign({
      iss: this.#issuer,
      sub: 'alice',
      aud: 'client',
      exp: seconds() + 60,
      iat: seconds(),
      at_hash: half.toString('base64url'),
      nonce: 'n-1',
      auth_time: seconds(),
    });
  }

  code(): Promise<string> {
    return this.#jwt.sign(
      JSON.stringify({
        client_id: 'client',
        auth_code_id: randomUUID(),
        scopes: ['openid'],
        user_id: 'alice',
        expire_time: seconds() + 60,
        nonce: 'n-1',
        auth_time: seconds(),
        max_age: 300,
      }),
    );
  }

  refreshToken(): Promise<string> {
    return this.#jwt.sign({
      client_id: 'client',
      access_token_id: randomUUID(),
      refresh_token_id: randomUUID(),
      scope: 'openid',
      user_id: 'alice',
      expire_time: seconds() + 60,
    });
  }

  /** A code that is redeemed. */
  redeem(code: string): Promise<Record<string, unknown>> {
    return this.#jwt.verify(code);
  }

  /** UserInfo: looks at the header itself, and the message of a failure goes into WWW-Authenticate. */
  async userInfo(token: string): Promise<string> {
    const header = headerOf(token);
    if (header.typ !== 'at+jwt') return '401 Access token typ must be at+jwt';
    if (header.alg !== 'RS256') return '401 Access token alg must be RS256';
    try {
      const claims = await this.#jwt.verify(token);
      return claims.iss === this.#issuer ? `200 ${String(claims.sub)}` : '401 Access token issuer mismatch';
    } catch (error) {
      return `401 ${(error as Error).message}`;
    }
  }

  async introspect(token: string): Promise<boolean> {
    return this.#jwt.verify(token, { ignoreExpiration: true, ignoreNotBefore: true }).then(
      () => true,
      () => false,
    );
  }
}
