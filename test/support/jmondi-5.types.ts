// What @jmondi/oauth2-server 5.0.0 declares of a JwtService, written down from its sources at the tag v5.0.0, since the
// registry does not have it. No type of ours stands here: what these accept is what 5.0.0 accepts.
import type { Buffer } from 'node:buffer';

import type { OAuthClient, OAuthUser } from '../types/oauth2-server-5/index.js';

type Algorithm = `${'HS' | 'RS' | 'ES' | 'PS'}${256 | 384 | 512}` | 'none';

/** A time span in words; its list of units is longer. */
type TimeSpan = `${number}` | `${number}${'s' | 'm' | 'h' | 'd'}` | `${number} ${'s' | 'm' | 'h' | 'd'}`;

interface JwtHeader {
  alg: string;
  typ?: string | undefined;
  cty?: string | undefined;
  crit?: string[] | undefined;
  kid?: string | undefined;
  jku?: string | undefined;
  x5u?: string | string[] | undefined;
  'x5t#S256'?: string | undefined;
  x5t?: string | undefined;
  x5c?: string | string[] | undefined;
}

/** It has them of its own, where 4.3.7 imports those of @types/jsonwebtoken. */
export interface SignOptions {
  algorithm?: Algorithm | undefined;
  keyid?: string | undefined;
  expiresIn?: TimeSpan | number;
  notBefore?: TimeSpan | number | undefined;
  audience?: string | string[] | undefined;
  subject?: string | undefined;
  issuer?: string | undefined;
  jwtid?: string | undefined;
  mutatePayload?: boolean | undefined;
  noTimestamp?: boolean | undefined;
  header?: JwtHeader | undefined;
  encoding?: string | undefined;
  allowInsecureKeySizes?: boolean | undefined;
  allowInvalidAsymmetricKeyTypes?: boolean | undefined;
}

export interface VerifyOptions {
  algorithms?: Algorithm[] | undefined;
  audience?: string | RegExp | [string | RegExp, ...(string | RegExp)[]] | undefined;
  clockTimestamp?: number | undefined;
  clockTolerance?: number | undefined;
  complete?: boolean | undefined;
  issuer?: string | [string, ...string[]] | undefined;
  ignoreExpiration?: boolean | undefined;
  ignoreNotBefore?: boolean | undefined;
  jwtid?: string | undefined;
  nonce?: string | undefined;
  subject?: string | undefined;
  maxAge?: string | number | undefined;
  allowInvalidAsymmetricKeyTypes?: boolean | undefined;
}

export interface PublicJsonWebKey {
  kty: 'RSA';
  n: string;
  e: string;
  use: 'sig';
  alg: 'RS256';
  kid: string;
}

export interface JsonWebKeySet {
  keys: PublicJsonWebKey[];
}

export type ExtraAccessTokenFields = Record<
  string,
  string | number | boolean | (string | number | boolean)[]
>;

export type ExtraAccessTokenFieldArgs = {
  user?: OAuthUser | null;
  client: OAuthClient;
  originatingAuthCodeId?: string;
};

export interface JwtInterface {
  verify(token: string, options?: VerifyOptions): Promise<Record<string, unknown>>;
  // oxlint-disable-next-line typescript/no-explicit-any -- as it stands there
  decode(encryptedData: string): null | Record<string, any> | string;
  sign(payload: string | Buffer | Record<string, unknown>, options?: SignOptions): Promise<string>;
  getKeySet?(): JsonWebKeySet;
  extraTokenFields?(
    params: ExtraAccessTokenFieldArgs,
  ): ExtraAccessTokenFields | Promise<ExtraAccessTokenFields>;
}
