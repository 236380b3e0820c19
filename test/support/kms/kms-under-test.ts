import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import type { StoreOfTests } from '../stores/store-under-test.js';

/** A kind of KMS or HSM that every test about signers runs over. */
export interface KmsUnderTest extends StoreOfTests {
  /** Every algorithm of ours that it has, as it is tested here. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** Whether it takes a private key over. */
  readonly takesKeys: boolean;
  /** Starts it, on loopback. */
  start(): Promise<RunningKms>;
}

export interface RunningKms {
  /** What a process needs in its environment to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What configuration says behind the name, with its question mark; empty where nothing is needed. */
  readonly query: string;
  /** A ready client, where the environment is not enough (a double with a certificate of its own). */
  readonly client?: unknown;
  /** A place of its own, in which no key is yet, as `--to` names it. */
  target(alg: SigningAlgorithm): Promise<string>;
  /** Keeps a key from signing as a person with a console does, behind everybody's back. */
  disable(reference: string): Promise<void>;
  /** Takes it away from everybody, and brings it back with what it held. Not every one can. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
  stop(): Promise<void>;
}
