import type { VerificationKey } from './verification-key.js';

/** The keys that an issuer publishes: a ring of this process, or what was fetched from somewhere else. */
export interface PublishedKeys {
  /** The keys of this `kid`: one, unless their issuer gave it to several or left their algorithm open. */
  named(kid: string): readonly VerificationKey[];
  /** The keys under which a token without `kid` may have been signed; a few, since each costs a verification. */
  candidatesFor(alg: unknown): readonly VerificationKey[];
}
