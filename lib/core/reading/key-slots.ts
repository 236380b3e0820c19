import type { KeyInput } from './key-material.js';
import type { NamedValue } from './named-value.js';

/**
 * The keys of an issuer as a source has them at one moment: not opened, and not checked. A value that could not be had
 * is the OidcKeyError that says why, or a {@link NamedValue} of it.
 */
export interface KeySlots {
  /** The keys that sign, at most one for each algorithm. */
  current: KeyInput | KeyInput[] | NamedValue;
  /** Published and accepted already, for the time when they sign. */
  next?: KeyInput | KeyInput[] | NamedValue | undefined;
  /** Still published and accepted, newest first. A public key is enough. */
  previous?: KeyInput | KeyInput[] | NamedValue | undefined;
  /** Keys that are never published, accepted or used: their kids or JWK thumbprints. */
  revokedKids?: string[] | NamedValue | undefined;
  /** From then on `next` signs. */
  nextActivatesAt?: Date | NamedValue | undefined;
  /** Opens every key that is encrypted and does not bring a passphrase of its own. */
  passphrase?: string | NamedValue | undefined;
}
