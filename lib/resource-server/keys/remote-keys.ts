import { createRemoteJWKSet, customFetch } from 'jose';

import type { JsonWebKey } from '../../core/json-web-key.js';
import type { SigningAlgorithm } from '../../core/algorithms.js';
import { OidcKeyError } from '../../core/errors.js';
import type { PublishedKeys } from '../../core/key/published-keys.js';
import { runLater } from '../../core/key/steps.js';
import { boundedFetch } from './bounded-fetch.js';
import { reasonOf } from './failure.js';
import { ForeignKeySet } from './foreign-key-set.js';
import type { IssuerKeys } from './issuer-keys.js';
import { KeysLog } from './keys-log.js';
import type { KeysLogger } from './keys-log.js';

interface RemoteKeysOptions {
  readonly issuer: string;
  readonly jwksUri: URL;
  readonly algorithms: readonly SigningAlgorithm[];
  /** In seconds. */
  readonly keepKeysFor: number;
  readonly logger: KeysLogger;
  /** Milliseconds that never jump. */
  readonly clock?: () => number;
}

/** Until then nobody asks whether there are others: as long as jose, and most relying parties, keep a set. */
const freshFor = 600_000;

/** Whoever sends tokens with unknown kids gets the issuer asked this often at most. */
const cooldown = 30_000;

/** The same where there is nothing to go on with. */
const cooldownWithoutKeys = 1000;

/**
 * The keys that an issuer publishes at an address. jose fetches them; what was seen last goes on serving where the
 * issuer cannot be reached, for a time that is bounded.
 */
export class RemoteKeys implements IssuerKeys {
  readonly #options: RemoteKeysOptions;
  readonly #clock: () => number;
  readonly #remote: ReturnType<typeof createRemoteJWKSet>;
  readonly #closed = new AbortController();
  readonly #log: KeysLog;
  #set: ForeignKeySet | undefined;
  /** When the fetch began that brought the set: what was revoked before is not in it. */
  #fetchedAt = -Infinity;
  #askedAt = -Infinity;
  #failure: OidcKeyError | undefined;
  #underWay: Promise<ForeignKeySet> | undefined;

  constructor(options: RemoteKeysOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#log = new KeysLog(options.logger, options.issuer, options.jwksUri);
    this.#remote = createRemoteJWKSet(options.jwksUri, {
      [customFetch]: (url, { signal, ...init }) =>
        boundedFetch(url, { ...init, signal: AbortSignal.any([signal, this.#closed.signal]) }),
    });
  }

  current(): PublishedKeys | Promise<PublishedKeys> {
    const now = this.#clock();
    const age = now - this.#fetchedAt;
    const known = this.#set;
    if (known && age < freshFor) return known;
    const sinceAsked = now - this.#askedAt;
    if (known && age < this.#options.keepKeysFor * 1000) {
      if (!this.#failure) return this.#ask().catch(() => known);
      // While the issuer is away nobody waits for it.
      if (sinceAsked >= cooldown) this.#ask().catch(() => undefined);
      return known;
    }
    if (this.#failure && !this.#underWay && sinceAsked < cooldownWithoutKeys) throw this.#failure;
    return this.#ask();
  }

  async newerThan(known: PublishedKeys): Promise<PublishedKeys | undefined> {
    if (this.#set !== known) return this.#set;
    if (this.#underWay || this.#clock() - this.#askedAt >= cooldown) await this.#ask();
    // It may be of a key that the issuer has published meanwhile.
    if (this.#failure) throw this.#failure;
    return this.#set === known ? undefined : this.#set;
  }

  close(): void {
    this.#closed.abort();
  }

  #ask(): Promise<ForeignKeySet> {
    this.#underWay ??= this.#fetched().finally(() => {
      this.#underWay = undefined;
    });
    return this.#underWay;
  }

  async #fetched(): Promise<ForeignKeySet> {
    const { algorithms, jwksUri } = this.#options;
    const began = this.#clock();
    this.#askedAt = began;
    try {
      await this.#remote.reload();
      const { keys } = this.#remote.jwks()!;
      const set = await runLater(ForeignKeySet.of(keys as JsonWebKey[], algorithms, this.#set));
      this.#set = set;
      this.#fetchedAt = began;
      this.#failure = undefined;
      this.#log.succeeded(jwksUri, set.warnings, this.#clock());
      return set;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #failed(error: unknown): OidcKeyError {
    const reason = reasonOf(error);
    this.#failure = new OidcKeyError(
      'OIDC_KEY_SOURCE_FAILED',
      `The issuer's keys cannot be fetched: ${reason}.`,
    );
    const now = this.#clock();
    const serveFor = this.#fetchedAt + this.#options.keepKeysFor * 1000 - now;
    if (!this.#closed.signal.aborted) this.#log.failed(reason, serveFor > 0 ? serveFor : undefined, now);
    return this.#failure;
  }
}
