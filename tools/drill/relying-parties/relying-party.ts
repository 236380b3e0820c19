/** A library that verifies tokens of the issuer, with a cache of its own. */
export interface RelyingParty {
  readonly name: string;
  /** Rejects with the library's reason where it does not accept the token. */
  verify(token: string): Promise<void>;
}

export const jwksPath = '/.well-known/jwks.json';
