import type { OidcKeyError } from '../errors.js';
import type { KeyInput } from './key-material.js';
import type { NamedValue } from './named-value.js';

/** @inline */
type Value<Plain> = Plain | NamedValue | OidcKeyError | undefined;

/**
 * The keys of an issuer as a source has them at one moment: not opened, and not checked. A value that could not be had
 * is the OidcKeyError that says why, or a {@link NamedValue} of it.
 */
export interface KeySlots {
  /** The keys that sign, at most one for each algorithm. */
  current?: Value<KeyInput | KeyInput[]>;
  /** Published and accepted already, for the time when they sign. */
  next?: Value<KeyInput | KeyInput[]>;
  /** Still published and accepted, newest first. A public key is enough. */
  previous?: Value<KeyInput | KeyInput[]>;
  /** Keys that are never published, accepted or used: their kids or JWK thumbprints. */
  revokedKids?: Value<string | string[]>;
  /** From then on `next` signs. */
  nextActivatesAt?: Value<Date | string>;
  /** Opens every key that is encrypted and does not bring a passphrase of its own. */
  passphrase?: Value<string>;
}
