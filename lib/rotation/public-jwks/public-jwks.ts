import { Timer } from '../timers.js';
import { dateOf } from '../clock.js';
import type { Clock, Moment } from '../clock.js';
import { printable } from '../../network/addresses.js';
import { isAnswer } from '../../network/answer.js';
import { ask } from '../../network/ask.js';
import type { PublicJwk } from '../../core/key/public-jwk.js';
import { differenceOf } from './difference.js';
import type { Difference } from './difference.js';

/** What a process last saw of its own JWKS at the address where relying parties fetch it. */
export interface PublicJwksStatus {
  /** Kids of keys that this process publishes, and that are not there, or are other keys there. */
  readonly missing: readonly string[];
  /** Kids of keys that are there, and that this process does not publish. */
  readonly others: readonly string[];
  /** When it was last there. Undefined where it never was; `missing` and `others` are empty then. */
  readonly seenAt: Date | undefined;
  /** How long caches had kept it by then, in seconds (`Age`, RFC 9111 section 5.1). */
  readonly age: number;
  /** Why it could not be had when it was last asked for, and since when. */
  readonly failure: { readonly message: string; readonly since: Date } | undefined;
}

export interface PublicJwksOptions {
  readonly uri: string;
  /** The public keys of this process. */
  readonly own: () => readonly Readonly<PublicJwk>[];
  readonly clock: Clock;
  /** How long the public JWKS may differ from this one while a change goes round, in milliseconds. */
  readonly propagation: number;
  readonly warn: (message: string) => void;
  /** In milliseconds. Default: a minute. */
  readonly interval?: number | undefined;
}

const usualInterval = 60_000;
const deadline = 10_000;
const nothingSeen = { missing: [], others: [], seenAt: undefined, age: 0 };

/**
 * Looks at the JWKS as relying parties see it, behind proxies and caches. It decides nothing: instants alone say what
 * signs, so that replicas agree.
 */
export class PublicJwks {
  readonly #options: PublicJwksOptions;
  readonly #timer = new Timer();
  /** By what is wrong: when it was first and last seen, on the monotonic clock. */
  #wrong: ReadonlyMap<string, { readonly first: number; readonly last: number }> = new Map();
  #said: ReadonlySet<string> = new Set();
  #seen: (Difference & { readonly seenAt: number; readonly age: number }) | undefined;
  #failure: { readonly message: string; readonly since: number } | undefined;
  #asking: AbortController | undefined;
  #isClosed = false;

  constructor(options: PublicJwksOptions) {
    this.#options = options;
  }

  start(): void {
    const { interval = usualInterval } = this.#options;
    // Replicas that started together must not ask together.
    this.#sleep(interval * Math.random());
  }

  close(): void {
    this.#isClosed = true;
    this.#timer.clear();
    this.#asking?.abort();
  }

  status(now: Moment): PublicJwksStatus {
    const { missing, others, seenAt, age } = this.#seen ?? nothingSeen;
    return {
      seenAt: seenAt === undefined ? undefined : new Date(seenAt),
      age,
      missing,
      others,
      failure: this.#failure && {
        message: this.#failure.message,
        since: dateOf(this.#failure.since, now),
      },
    };
  }

  /**
   * What has been wrong for longer than a change takes to go round, and be it now and then: one replica of three that
   * lacks a key is asked every third time.
   */
  warnings(now: Moment): string[] {
    const { propagation } = this.#options;
    return [...this.#wrong].flatMap(([message, { first, last }]) =>
      last - first >= propagation && now.monotonic - last < propagation ? [message] : [],
    );
  }

  /** Asks once. */
  async look(): Promise<void> {
    const { uri, clock, own } = this.#options;
    const asking = new AbortController();
    this.#asking = asking;
    const answer = await ask(uri, { deadline, signal: asking.signal });
    if (this.#isClosed) return;
    const now = clock();
    const isThere = isAnswer(answer) && answer.status === 200;
    const difference = isThere ? differenceOf(answer.body.toString('utf8'), own()) : undefined;
    if (isThere && difference) {
      this.#failure = undefined;
      // On the wall clock, so that it stays the same however often it is read.
      this.#seen = { ...difference, seenAt: now.wall, age: ageOf(answer.headers.age) };
    } else {
      const message = isThere
        ? 'answers with something that is no JWK Set'
        : isAnswer(answer)
          ? `answers with the status ${answer.status}`
          : answer.reason;
      this.#failure = { message, since: this.#failure?.since ?? now.monotonic };
    }
    this.#note(now);
  }

  #sleep(milliseconds: number): void {
    if (this.#isClosed) return;
    this.#timer.set(milliseconds, () => void this.#lookAndSleep());
  }

  async #lookAndSleep(): Promise<void> {
    const { interval = usualInterval } = this.#options;
    await this.look();
    this.#sleep(interval * (1 - Math.random() / 10));
  }

  #note(now: Moment): void {
    const wrong = this.#failure ? [notThere(this.#options.uri)] : this.#messages();
    const { propagation } = this.#options;
    const known = [...this.#wrong].filter(([, { last }]) => now.monotonic - last < propagation);
    const before = new Map(known);
    const seen = wrong.map((message) => {
      const first = before.get(message)?.first ?? now.monotonic;
      return [message, { first, last: now.monotonic }] as const;
    });
    this.#wrong = new Map([...known, ...seen]);
    const due = this.warnings(now);
    for (const message of due) if (!this.#said.has(message)) this.#options.warn(message);
    this.#said = new Set(due);
  }

  #messages(): string[] {
    const { missing, others } = this.#seen!;
    const where = printable(new URL(this.#options.uri));
    return [
      ...missing.map(
        (kid) =>
          `The JWKS at ${where} lacks key ${kid}, which this process publishes: relying parties refuse its tokens. ` +
          'Look for a cache that keeps the document too long, and for replicas that have not read the keys.',
      ),
      ...others.map(
        (kid) =>
          `The JWKS at ${where} has key ${kid}, which this process does not publish. Look for a cache with an older ` +
          'document, and for replicas that have other keys.',
      ),
    ];
  }
}

function notThere(uri: string): string {
  return (
    `The JWKS cannot be had at ${printable(new URL(uri))}, the address of "publicJwksUri": ` +
    'run `npx nestjs-oidc-key doctor --issuer ISSUER` to see what relying parties see.'
  );
}

function ageOf(header: string | undefined): number {
  return header !== undefined && /^\d{1,9}$/.test(header) ? Number(header) : 0;
}
