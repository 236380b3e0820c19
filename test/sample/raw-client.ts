import { createHash, randomBytes } from 'node:crypto';

import { forge, headerOf, payloadOf } from '../support/tokens.js';
import { answerOf } from './log-in.js';
import type { Sample } from './sample-server.js';

export type Claims = Record<string, unknown>;
export type Fields = Record<string, string | undefined>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

export interface Code {
  readonly code: string;
  readonly code_verifier: string;
  readonly redirect_uri: string;
}

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly id_token: string;
}

export const redirectUri = 'http://127.0.0.1:8080/callback';
/** Seconds since the epoch. */
export const now = () => Math.floor(Date.now() / 1000);
export const secret = () => randomBytes(32).toString('base64url');
export const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

/** A client by plain HTTP, which sends what no library would. */
export class RawClient {
  private constructor(
    private readonly sample: Sample,
    private readonly credentials: Fields,
  ) {}

  static web(sample: Sample): RawClient {
    return new RawClient(sample, { client_id: 'demo-web', client_secret: sample.clientSecret });
  }

  static native(sample: Sample): RawClient {
    return new RawClient(sample, { client_id: 'demo-native' });
  }

  /** A client that the seed does not have. */
  static of(sample: Sample, client_id: string, client_secret?: string): RawClient {
    return new RawClient(sample, { client_id, client_secret });
  }

  authorizationUrl(changes: Fields = {}): URL {
    const url = new URL(`${this.sample.issuer}/authorize`);
    url.search = formOf({
      client_id: this.credentials.client_id,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid profile email api',
      state: 'the state',
      // So that there is a page to decide on each time.
      prompt: 'consent',
      code_challenge: challengeOf(secret()),
      code_challenge_method: 'S256',
      ...changes,
    }).toString();
    return url;
  }

  /** A code that alice consented to, with what belongs to it at the token endpoint. */
  async code(changes: Fields = {}): Promise<Code> {
    const code_verifier = secret();
    const url = this.authorizationUrl({ code_challenge: challengeOf(code_verifier), ...changes });
    const callback = await answerOf(this.sample, url);
    const code = callback.searchParams.get('code');
    if (code === null) throw new Error(`There is no code in ${callback.search}`);
    return { code, code_verifier, redirect_uri: changes['redirect_uri'] ?? redirectUri };
  }

  async tokens(changes: Fields = {}): Promise<Tokens> {
    return tokensOf(await this.redeem(await this.code(changes)));
  }

  redeem(code: Code, changes: Fields = {}): Promise<Answer> {
    return this.post('token', { grant_type: 'authorization_code', ...code, ...changes });
  }

  refresh(refreshToken: string, changes: Fields = {}): Promise<Answer> {
    return this.post('token', { grant_type: 'refresh_token', refresh_token: refreshToken, ...changes });
  }

  clientCredentials(changes: Fields = {}): Promise<Answer> {
    return this.post('token', { grant_type: 'client_credentials', scope: 'api', ...changes });
  }

  introspect(token: string, changes: Fields = {}): Promise<Answer> {
    return this.post('introspect', { token, ...changes });
  }

  async isActive(token: string): Promise<unknown> {
    return (await this.introspect(token)).body['active'];
  }

  revoke(token: string, changes: Fields = {}): Promise<Answer> {
    return this.post('revoke', { token, ...changes });
  }

  post(path: string, fields: Fields): Promise<Answer> {
    return request(this.sample, path, {
      method: 'POST',
      body: formOf({ ...this.credentials, ...fields }),
    });
  }
}

/** The tokens of a successful answer. */
export function tokensOf({ status, body }: Answer): Tokens {
  if (status !== 200) throw new Error(`The token endpoint answered ${status}: ${JSON.stringify(body)}`);
  return body as unknown as Tokens;
}

/** A token of the server, changed and signed again with the server's own key. */
export function resigned({ key }: Sample, token: string, claims: Claims, header: Claims = {}): string {
  return forge(key, { ...headerOf(token), ...header }, { ...payloadOf(token), ...claims });
}

/** A request to a protected resource. */
export function withToken(sample: Sample, path: string, token: string, init: RequestInit = {}) {
  return request(sample, path, { ...init, headers: { authorization: `Bearer ${token}` } });
}

export async function request(sample: Sample, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${sample.issuer}/${path}`, { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, body };
}

function formOf(fields: Fields): URLSearchParams {
  return new URLSearchParams(
    Object.entries(fields).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
