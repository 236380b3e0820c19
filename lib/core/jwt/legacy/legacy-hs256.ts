import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { OidcKeyError } from '../../errors.js';
import type { VerificationKey } from '../../key/verification-key.js';
import { instantIn } from '../../reading/instant.js';
import { NamedValue } from '../../reading/named-value.js';
import { isUnset } from '../../reading/text.js';
import type { Claims } from '../jwt-claims.js';
import { legacyKindOf, legacyKinds } from './legacy-kinds.js';
import type { LegacyTokenKind } from './legacy-kinds.js';
import { couldBePublic, legacySecretsOf, shortestGoodSecret } from './legacy-secret.js';
import { isPublished } from './public-look-alikes.js';

/** The secret of HS256 that signed before there was a key, and for how long its tokens are still accepted. */
export interface LegacyHs256Options {
  /** What `@jmondi/oauth2-server` was given in place of a JwtService, to the byte. */
  secret: string | Uint8Array;
  /** Until when its tokens are accepted: at most 400 days away. ISO 8601 with its time zone, or a `Date`. */
  until: string | Date;
  /** The kinds of token that are accepted. Default: refresh tokens and authorization codes. */
  kinds?: LegacyTokenKind[] | undefined;
}

/** How the move away from HS256 goes. */
export interface LegacyHs256Status {
  /** Until when tokens are accepted. */
  readonly until: Date;
  /** How many tokens of each kind this process has accepted. */
  readonly accepted: Readonly<Record<LegacyTokenKind, number>>;
  /** When it accepted the last one. */
  readonly lastAcceptedAt: Date | undefined;
  /**
   * How many tokens looked like those of the secret and were not signed by it: where this grows and `accepted` does not,
   * the secret may be another one than the server had.
   */
  readonly refused: number;
}

const day = 24 * 3600 * 1000;
const farthest = 400 * day;
const usualKinds: readonly LegacyTokenKind[] = ['refresh_token', 'authorization_code'];

/** Accepts tokens of a secret of HS256 until an instant, and counts them. */
export class LegacyHs256 {
  readonly #where: string;
  readonly #until: number;
  readonly #kinds: readonly LegacyTokenKind[];
  readonly #isShort: boolean;
  /** About where the secret was found. */
  readonly #warning: string | undefined;
  readonly #accepted: Record<LegacyTokenKind, number> = {
    refresh_token: 0,
    authorization_code: 0,
    access_token: 0,
  };
  /** None once the instant has come, so that a clock that is set back brings nothing back. */
  #secrets: readonly KeyObject[];
  #lastAcceptedAt: Date | undefined;
  #refused = 0;

  /**
   * @param given the secret, the instant and the kinds as they were found
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, and what stands in place of a value that could not be had
   */
  constructor(given: Readonly<Record<keyof LegacyHs256Options, NamedValue>>, now = Date.now()) {
    this.#where = given.secret.where;
    this.#warning = given.secret.about.warning;
    this.#until = instantOf(given.until, given.secret, now);
    this.#kinds = kindsOf(given.kinds);
    const secrets = legacySecretsOf(valueOf(given.secret), this.#where);
    this.#isShort = secrets.some(({ length }) => length < shortestGoodSecret);
    this.#secrets = secrets.map((secret) => createSecretKey(secret));
  }

  /**
   * From then on no token is accepted.
   *
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where the secret is something that is known of one of these keys
   */
  refusePublished(keys: readonly VerificationKey[]): void {
    const secrets = this.#secrets.map((secret) => secret.export());
    if (!keys.some((key) => secrets.some((secret) => isPublished(secret, key)))) return;
    this.#secrets = [];
    throw couldBePublic(this.#where);
  }

  /** Whether a header is one that 4.3.7 writes, and its time is not over: `alg`, perhaps `typ`, and never a `kid`. */
  mayHaveSigned(header: Readonly<Claims>, now = Date.now()): boolean {
    if (now >= this.#until) this.#secrets = [];
    return (
      this.#secrets.length > 0 &&
      header.alg === 'HS256' &&
      Object.entries(header).every(([name, value]) => name === 'alg' || (name === 'typ' && value === 'JWT'))
    );
  }

  /** HMAC with SHA-256 (RFC 7518 section 3.2). */
  hasSigned(signingInput: Buffer, signature: Buffer): boolean {
    const hasOne = this.#secrets.some((secret) => {
      const expected = createHmac('sha256', secret).update(signingInput).digest();
      return expected.length === signature.length && timingSafeEqual(expected, signature);
    });
    if (!hasOne) this.#refused++;
    return hasOne;
  }

  /** The kind of a token by its claims, if that kind is accepted. */
  acceptedKindOf(claims: Claims): LegacyTokenKind | undefined {
    const kind = legacyKindOf(claims);
    return kind !== undefined && this.#kinds.includes(kind) ? kind : undefined;
  }

  count(kind: LegacyTokenKind): void {
    this.#accepted[kind]++;
    this.#lastAcceptedAt = new Date();
  }

  status(): LegacyHs256Status {
    return {
      until: new Date(this.#until),
      accepted: { ...this.#accepted },
      lastAcceptedAt: this.#lastAcceptedAt && new Date(this.#lastAcceptedAt),
      refused: this.#refused,
    };
  }

  /** What whoever runs the server should know for as long as the secret is configured. */
  warnings(now = Date.now()): string[] {
    const about = this.#warning === undefined ? [] : [this.#warning];
    const until = new Date(this.#until).toISOString();
    if (now >= this.#until || this.#secrets.length === 0) {
      const since = now >= this.#until ? `: its time is over since ${until}` : '';
      return [
        `No token that ${inSentence(this.#where)} signed is accepted any more${since}. Remove it, and the instant beside it`,
        ...about,
      ];
    }
    const kinds = this.#kinds.map((kind) => kind.replaceAll('_', ' ')).join(', ');
    return [
      `Tokens that ${inSentence(this.#where)} signed with HS256 are accepted until ${until} (${kinds}). ` +
        'KeyRotation.status() counts them',
      ...about,
    ];
  }

  /** What a boot says besides; not for the status, whose readers need not know which secrets can be guessed. */
  bootWarnings(now = Date.now()): string[] {
    if (!this.#isShort || now >= this.#until) return [];
    return [
      `${this.#where} has fewer than ${shortestGoodSecret} bytes, the least for HS256 (RFC 7518 section 3.2). Whoever ` +
        'guesses it can make refresh tokens: let its time end soon',
    ];
  }

  /** What of a token is used in place of the `typ` that its header lacks. */
  static typOf(kind: LegacyTokenKind): string {
    return legacyKinds[kind].typ;
  }
}

/** A name that may begin a sentence, within one. */
export function inSentence(where: string): string {
  return where.replace(/^The /, 'the ');
}

function valueOf({ value }: NamedValue): unknown {
  if (value instanceof OidcKeyError) throw value;
  return value;
}

function instantOf(until: NamedValue, secret: NamedValue, now: number): number {
  const value = valueOf(until);
  const instant = isUnset(value) ? undefined : instantIn(value, until.where);
  if (instant === undefined) {
    throw invalid(
      `${secret.where} needs an instant from which its tokens are refused: set ${inSentence(until.where)}, such as ` +
        `${new Date(now + 30 * day).toISOString().slice(0, 10)}T00:00:00Z, to when your last refresh token of HS256 has expired.`,
    );
  }
  if (instant - now <= farthest) return instant;
  throw invalid(`${until.where} is more than ${farthest / day} days away. Set an earlier instant.`);
}

function kindsOf(kinds: NamedValue): readonly LegacyTokenKind[] {
  const { value = usualKinds } = kinds;
  const isList = Array.isArray(value) && value.length > 0;
  if (isList && value.every((each) => typeof each === 'string' && Object.hasOwn(legacyKinds, each))) {
    return [...(value as LegacyTokenKind[])];
  }
  throw invalid(`${kinds.where} has to be a list of ${Object.keys(legacyKinds).join(', ')}.`);
}

function invalid(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}
