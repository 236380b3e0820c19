import { OidcKeyError } from '../errors.js';
import type { Call, CallUsage } from '../usage/call-usage.js';
import { wordsOf } from '../words-of-error.js';
import { Breaker } from './breaker.js';
import { Deadlines } from './deadline.js';
import type { Deadline } from './deadline.js';
import { RequestsUnderWay } from './requests-under-way.js';
import type { Signer, SignerFailure } from './signer.js';
import type { VerificationKey } from './verification-key.js';

/** What a remote signer is made with. */
export interface RemoteSignerOptions {
  /** The public half, with which every signature is checked. */
  readonly key: VerificationKey;
  /** How messages call the key: its reference, or the setting that it came from. */
  readonly where: string;
  /** What its requests are counted as: what stands before the colon of its reference. Default: `application`. */
  readonly system?: string | undefined;
  readonly signer: Signer;
  /** What is known of an error of the signer. Default: nothing. */
  readonly judge?: ((error: unknown) => SignerJudgement | undefined) | undefined;
  /** Told when it stops to sign, and with undefined when it signs again. */
  readonly changed?: ((error: Error | undefined) => void) | undefined;
}

/** What is known of an error. */
export interface SignerJudgement {
  /** What is said of it, which holds nothing of a request. */
  readonly message: string;
  /** Whether asking again may be worth it. */
  readonly isTransient: boolean;
}

/** For one signature, from the moment that somebody asks for it. In milliseconds. */
const deadline = 3_000;
/** More at once make a KMS slower, and some refuse them. */
const mostUnderWay = 16;
const mostAttempts = 4;
/** Before the second attempt; it doubles. In milliseconds. */
const firstPause = 50;

const probe = Buffer.from('nestjs-oidc-key');

/**
 * A signer that is elsewhere, as the rest sees it: it answers in time or fails, is not asked for more than it can do,
 * again where that may help and not at all while it is down, and no signature leaves it that the public key of the token's
 * kid does not verify.
 */
export class RemoteSigner implements Signer {
  readonly #options: RemoteSignerOptions;
  readonly #underWay = new RequestsUnderWay(mostUnderWay);
  readonly #deadlines = new Deadlines(deadline, () => new TooLate());
  readonly #breaker: Breaker;
  readonly #call: Call;
  #calls: CallUsage | undefined;

  constructor(options: RemoteSignerOptions) {
    this.#options = options;
    const { key, system = 'application' } = options;
    this.#call = { type: 'call', system, operation: 'sign', kid: key.kid, algorithm: key.alg };
    this.#breaker = new Breaker({
      attempt: () =>
        this.#inTime(probe).catch((error: unknown) => {
          throw this.#failureOf(error).error;
        }),
      changed: (error) => options.changed?.(error),
    });
  }

  /** Why it makes no signatures at present; undefined while it does. */
  get failure(): SignerFailure | undefined {
    const failure = this.#breaker.failure;
    return failure && { message: failure.error.message, since: failure.since };
  }

  /** @throws OidcKeyError `OIDC_KEY_SIGNER_FAILED`, `OIDC_KEY_MISMATCH` (the signature of another key) */
  async sign(data: Buffer, _signal?: AbortSignal, begun?: () => void): Promise<Buffer> {
    if (this.#breaker.isOpen) throw this.#breaker.failure!.error;
    try {
      const signature = await this.#inTime(data, begun);
      this.#breaker.succeeded();
      return signature;
    } catch (error) {
      const failure = this.#failureOf(error);
      this.#breaker.failed(failure.error, failure.isOfSigner);
      throw failure.error;
    }
  }

  /** Tries no more by itself, since nobody is to ask any more. Whoever does is answered all the same. */
  rest(): void {
    this.#breaker.rest();
  }

  observe(calls: CallUsage): void {
    this.#calls = calls;
  }

  #inTime(data: Buffer, begun?: () => void): Promise<Buffer> {
    const until = this.#deadlines.begin();
    return this.#underWay.run(() => {
      begun?.();
      return this.#attempts(data, until);
    }, until.signal);
  }

  async #attempts(data: Buffer, until: Deadline): Promise<Buffer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#counted(() => until.race(this.#checked(data, until.signal)));
      } catch (error) {
        if (attempt >= mostAttempts || !this.#failureOf(error).isTransient) throw error;
        await until.race(pauseOf(firstPause * 2 ** (attempt - 1) * (0.5 + Math.random())));
      }
    }
  }

  /** Each attempt, and those that find out whether it signs again. */
  #counted(attempt: () => Promise<Buffer>): Promise<Buffer> {
    return this.#calls ? this.#calls.run(this.#call, attempt) : attempt();
  }

  async #checked(data: Buffer, signal: AbortSignal): Promise<Buffer> {
    const { signer, key, where } = this.#options;
    const signature: unknown = await signer.sign(data, signal);
    // What answers may be anything, and so may its answer.
    if (Buffer.isBuffer(signature) && (await key.verifies(data, signature))) return signature;
    throw new OidcKeyError(
      'OIDC_KEY_MISMATCH',
      `${where} has a signer whose signature its public key does not verify. Name the signer of exactly this key.`,
    );
  }

  #failureOf(error: unknown): Failure {
    const { where, judge } = this.#options;
    if (error instanceof TooLate) {
      const message = `${where} did not sign within ${deadline / 1000} s. Check that it runs, and that it is reachable.`;
      return { error: failed(message), isTransient: true, isOfSigner: true };
    }
    if (error instanceof OidcKeyError) return { error, isTransient: false, isOfSigner: true };
    const judgement = judge?.(error);
    if (!judgement) {
      // What an application's own signer rejects with may hold a request or a credential.
      const message = `${where} failed to sign (${wordsOf(error)}). Its own log has to say why: what it rejected with is not repeated.`;
      return { error: failed(message), isTransient: false, isOfSigner: true };
    }
    const { message, isTransient } = judgement;
    return { error: failed(message), isTransient, isOfSigner: isTransient };
  }
}

interface Failure {
  readonly error: OidcKeyError;
  /** Whether asking again may be worth it. */
  readonly isTransient: boolean;
  /** Whether it is the signer that fails, rather than the request. */
  readonly isOfSigner: boolean;
}

class TooLate extends Error {
  override readonly name = 'TimeoutError';
}

function failed(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_SIGNER_FAILED', message);
}

/** @param milliseconds less than anybody waits for the end of a process */
function pauseOf(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
