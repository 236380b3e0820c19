import { describe, it } from '@jest/globals';

import type { KeyStore } from '../../../lib/stores/key-store.js';

/** A kind of store that every test about stores runs over. */
export interface StoreUnderTest {
  /** What stands before the colon of a reference. */
  readonly kind: string;
  /** What it runs against, as a report calls it: a server, an emulator, or a double that says so. */
  readonly against: string;
  /** Whether a write is refused where somebody else has written since. */
  readonly compares: boolean;
  /** Whether what it runs against is installed. `.ci/machine` installs it. */
  readonly isInstalled: boolean;
  /** Starts it, on loopback. */
  start(): Promise<RunningStore>;
}

export interface RunningStore {
  /** A place of its own in which nothing is yet. */
  place(): Promise<PlaceUnderTest>;
  /** Takes it away from everybody, and brings it back with what it held. Not every store can. */
  readonly outage?: { begin(): Promise<void>; end(): Promise<void> };
  stop(): Promise<void>;
}

export interface PlaceUnderTest {
  /** As `OIDC_KEY_STORE` names it. */
  readonly reference: string;
  /** What a process needs in its environment to reach it. */
  readonly environment: Readonly<Record<string, string>>;
  /** A client of its own on it, as another process would have. */
  open(): KeyStore;
  /** Puts a text there as a person with a console does, behind everybody's back. */
  put(text: string): Promise<void>;
  /** What is there, asked without our code. */
  content(): Promise<string | undefined>;
}

/** What tests of a store need to know of it. */
export type StoreOfTests = Pick<StoreUnderTest, 'kind' | 'against' | 'isInstalled'>;

/**
 * Describes what needs a store. Where it is not installed the tests are skipped, said and counted; in CI, which has
 * installed all of them, they fail.
 */
export function describeStore(store: StoreOfTests, title: string, tests: () => void): void {
  const name = `${title}: ${store.kind} (${store.against})`;
  if (store.isInstalled || process.env.EVERY_STORE_IS_INSTALLED === '1') describe(name, tests);
  else it.skip(`${name} (skipped: it is not installed; .ci/machine installs it)`, () => undefined);
}
