import { setTimeout as wait } from 'node:timers/promises';

import type { SigningAlgorithm } from '../core/algorithms.js';
import type { CommandContext } from '../core/key-set/add-key.js';
import type { Figures } from '../core/key-set/figures.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { madeOnce } from '../core/key-set/new-key.js';
import type { MadeKey } from '../core/key-set/new-key.js';
import type { Outcome } from '../core/key-set/outcome.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import { KeyStoreError } from './key-store.js';
import type { KeyStore } from './key-store.js';
import { openStored, textToStore } from './stored-key-set.js';

/** Makes a key that fits a key set: as long as the one that it follows, unless somebody says otherwise. */
export type MakeKeyFor = (alg: SigningAlgorithm, set: KeySet | undefined) => Promise<MadeKey>;

/** What a command is run on. */
export interface Workplace {
  readonly store: KeyStore;
  /** How messages call the store, and the passphrase. */
  readonly decryption: Decryption;
  readonly figures: Figures;
  readonly make: MakeKeyFor;
  /** In seconds since 1970. Default: the clock of this machine. */
  readonly clock?: (() => number) | undefined;
  /** Do everything but write. */
  readonly isDryRun?: boolean | undefined;
}

/** A command: what it makes of a key set. It may be asked several times, of whatever the store holds by then. */
export type Act = (set: KeySet | undefined, context: CommandContext) => Outcome | Promise<Outcome>;

/** What a command came to. */
export interface Done {
  readonly outcome: Outcome;
  /** The instant at which it was decided. */
  readonly t: number;
  /** What the store held. */
  readonly before: KeySet | undefined;
}

const attempts = 12;
const longestPause = 100;

/**
 * Reads, decides and writes; once more where somebody else has written meanwhile. The instant is taken after each read.
 *
 * @throws KeyStoreError `KEY_STORE_BUSY` where somebody else was faster each time, and what the store throws
 * @throws OidcKeyError what is wrong with what the store holds
 */
export async function runCommand(place: Workplace, act: Act): Promise<Done> {
  const { store, decryption, figures, make, isDryRun = false } = place;
  const clock = place.clock ?? (() => Math.floor(Date.now() / 1000));
  const asked = new Set<SigningAlgorithm>();
  let before: KeySet | undefined;
  const makeOnce = madeOnce((alg) => {
    asked.add(alg);
    return make(alg, before);
  });
  let last: { readonly text: string; readonly done: Done; readonly error?: unknown } | undefined;
  for (let attempt = 1; attempt <= attempts;) {
    const found = await store.read();
    // The answer was lost, and nevertheless it was written.
    if (last && found?.text.trim() === last.text) return last.done;
    if (last?.error !== undefined) throw last.error as Error;
    before = found && (await openStored(found.text, decryption));
    const t = clock();
    const known = asked.size;
    const outcome = await act(before, { t, figures, make: makeOnce });
    const done = { outcome, t, before };
    if (outcome.type !== 'write') return done;
    // To make a key takes its time, in which others write, and which is not to count as time that it was published.
    if (asked.size > known) continue;
    if (isDryRun) return done;
    const text = await textToStore(outcome.keySet, decryption);
    try {
      if (await store.write(text, found?.version)) return done;
      last = { text, done };
    } catch (error) {
      last = { text, done, error };
    }
    await wait(Math.random() * longestPause * attempt);
    attempt++;
  }
  throw new KeyStoreError(
    'KEY_STORE_BUSY',
    `${decryption.where} was changed by somebody else each time before this could be written. Try again.`,
  );
}
