import type { PublishedKeys } from '../../core/key/published-keys.js';
import type { Usage } from '../../core/usage/usage.js';

/** The keys of one issuer, wherever they are. */
export interface IssuerKeys {
  /** Rejects, or throws, with OidcKeyError `OIDC_KEY_SOURCE_FAILED` where they cannot be had. */
  current(): PublishedKeys | Promise<PublishedKeys>;
  /**
   * For a token that these do not verify: those that the issuer publishes by now, or undefined where there are no newer
   * ones, or where it was asked a moment ago. Rejects as `current` does.
   */
  newerThan(known: PublishedKeys): Promise<PublishedKeys | undefined>;
  /** Counts what is verified with them, where they are keys of this process. */
  readonly usage?: Usage | undefined;
  /** Ends what is under way. */
  close(): void;
}
