import { createHash, randomUUID } from 'node:crypto';

import type { JsonWebKeySet, JwtService } from 'nestjs-oidc-key';

import { headerOf } from './tokens.js';

/** What 5.0.0 asks of a JwtService: its `JwtInterface`, as its declarations have it. */
interface JwtInterface5 {
  verify(
    token: string,
    options?: { ignoreExpiration?: boolean; ignoreNotBefore?: boolean },
  ): Promise<Record<string, unknown>>;
  decode(token: string): Record<string, unknown> | string | null;
  sign(
    payload: string | Buffer | Record<string, unknown>,
    options?: { header?: { typ?: string; alg: string } },
  ): Promise<string>;
  getKeySet?(): JsonWebKeySet;
}

const seconds = () => Math.floor(Date.now() / 1000);

/**
 * A double of @jmondi/oauth2-server 5.0.0, which the registry does not have: its calls on a JwtService, with the
 * arguments that its sources pass, and nothing of what it does besides.
 */
export class Jmondi5Double {
  readonly #jwt: JwtInterface5;
  readonly #issuer = 'https://issuer.example';

  /** Its constructor asks for the key set at once, and refuses a service without an RSA key. */
  constructor(jwt: JwtService) {
    this.#jwt = jwt;
    const keySet = this.#jwt.getKeySet?.();
    if (!keySet) throw new Error('OIDC requires an RSA key');
  }

  /** Serialised as it stands: a promise would become `{}`. */
  jwks(): string {
    return JSON.stringify(this.#jwt.getKeySet?.());
  }

  accessToken(): Promise<string> {
    return this.#jwt.sign(
      {
        iss: this.#issuer,
        aud: 'api',
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

  /** UserInfo: looks at `typ` itself, and the message of the failure goes into WWW-Authenticate. */
  async userInfo(token: string): Promise<string> {
    if (headerOf(token).typ !== 'at+jwt') return '401 Access token typ must be at+jwt';
    try {
      return `200 ${String((await this.#jwt.verify(token)).sub)}`;
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
