import { setTimeout as wait } from 'node:timers/promises';

import type { SigningAlgorithm } from '../core/algorithms.js';
import type { CommandContext } from '../core/key-set/add-key.js';
import type { Figures } from '../core/key-set/figures.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { madeOnce } from '../core/key-set/new-key.js';
import type { Outcome } from '../core/key-set/outcome.js';
import { sentencesAbout } from '../core/key-set/sentences.js';
import { unite, writeUnion } from '../core/key-set/unite.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import { clockRefusal } from './clock-refusal.js';
import type { KeysElsewhere } from './keys-elsewhere.js';
import { fromNothing, KeyStoreError } from './key-store.js';
import type { KeyStore, StoredText } from './key-store.js';
import type { HeldElsewhere, MadeKey } from '../core/key-set/new-key.js';
import { CommandRefusedError } from './command-refused-error.js';
import type { MakeKeyFor } from './make-key.js';
import { sayingMore } from './saying-more.js';
import { openStored, textToStore } from './stored-key-set.js';
import { usualClock, versionsOf } from './versions.js';

/** What a setting revokes, and how it is called. */
export interface RevokedKidsOfSetting {
  readonly kids: readonly string[];
  readonly name: string;
}

/** What a command is run on. */
export interface Workplace {
  readonly store: KeyStore;
  /** How messages call the store, and the passphrase. */
  readonly decryption: Decryption;
  readonly figures: Figures;
  readonly make: MakeKeyFor;
  /** The KMSs and HSMs that keys may be in. */
  readonly elsewhere?: KeysElsewhere | undefined;
  /** The keys that configuration revokes, where that is the only way to revoke one: where a KMS is the store. */
  readonly revokedKids?: RevokedKidsOfSetting | undefined;
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
  /** Keys that were made in a KMS and are not in the store, since somebody else was faster. */
  readonly unused?: readonly HeldElsewhere[];
}

/** What a store holds: several versions where some were written beside each other, oldest first. */
interface Reading {
  readonly found: StoredText | undefined;
  readonly versions: readonly KeySet[];
}

/** What is to be done with a reading: the outcome, and what is written, which may be a union that others left to do. */
interface Decision {
  readonly done: Done;
  readonly toWrite: KeySet | undefined;
}

/** A write of which it is not known whether it was done. */
interface Attempt {
  readonly text: string;
  readonly added: readonly KeySet['keys'][number][];
  readonly done: Done;
  readonly error?: unknown;
}

const attempts = 12;
const longestPause = 100;

const nothingMore: Act = () => ({ type: 'nothing due', sentences: [] });

/**
 * Reads, decides and writes; once more where somebody else has written meanwhile. The instant is taken after each read.
 * Where the store cannot compare, what others wrote beside it is united, until nothing is left to unite.
 *
 * @throws KeyStoreError `KEY_STORE_BUSY` where somebody else was faster each time, and what the store throws
 * @throws OidcKeyError what is wrong with what the store holds
 */
export async function runCommand(place: Workplace, act: Act): Promise<Done> {
  const made: MadeKey[] = [];
  const done = await attempted(place, act, made).catch((error: unknown) => {
    throw namingMade(error, made);
  });
  const { outcome, before } = done;
  const set = outcome.type === 'write' ? outcome.keySet : before;
  const signers = new Set(set?.keys.map(({ signer }) => signer));
  const unused = made.flatMap((key) => ('signer' in key && !signers.has(key.signer) ? key : []));
  return { ...done, unused };
}

/** Whether what was made stands in the store is not known, so it stays, and somebody has to look. */
function namingMade(error: unknown, made: readonly MadeKey[]): unknown {
  const names = made.flatMap((key) => ('signer' in key ? key.signer : []));
  if (names.length === 0) return error;
  const sentence = `${names.join(' and ')} was made meanwhile: look with \`status\` whether the store has it, and disable it where it is if not.`;
  return sayingMore(error, sentence);
}

/** @param made gets the keys that were made elsewhere, and stay there whatever comes of the command */
async function attempted(place: Workplace, act: Act, made: MadeKey[]): Promise<Done> {
  const { store, decryption, make, isDryRun = false } = place;
  const asked = new Set<SigningAlgorithm>();
  let before: KeySet | undefined;
  let found: StoredText | undefined;
  const makeOnce = madeOnce(async (alg) => {
    asked.add(alg);
    if (!place.elsewhere?.isFor(alg, before) || isDryRun) return make(alg, before);
    // What is made elsewhere stays there, so that nothing is made that could not be written.
    const refusal = clockRefusal(found, (place.clock ?? usualClock)(), place);
    if (refusal?.type === 'refused') {
      throw new CommandRefusedError(refusal.code, `${decryption.where}: ${refusal.sentence}`);
    }
    const key = (await place.elsewhere.make(alg, before))!;
    made.push(key);
    return key;
  });
  let last: Attempt | undefined;
  let achieved: Done | undefined;
  for (let attempt = 1; attempt <= attempts;) {
    const reading = await readingOf(place);
    if (last && isThere(last, reading)) {
      if (!store.between) return last.done;
      achieved ??= last.done;
    } else if (last?.error !== undefined && !isTransient(last.error)) throw last.error as Error;
    last = undefined;
    if (achieved && reading.versions.length < 2) return achieved;
    before = unitedOf(reading);
    found = reading.found;
    const known = asked.size;
    const { done, toWrite } = await decide(reading, achieved ? nothingMore : act, place, makeOnce);
    if (!toWrite) return achieved ?? done;
    // To make a key takes its time, in which others write, and which is not to count as time that it was published.
    if (asked.size > known) continue;
    const refusal = clockRefusal(reading.found, done.t, place);
    // What was written stays written, and readers unite what is left.
    if (refusal) return achieved ?? { ...done, outcome: refusal };
    if (isDryRun) return done;
    const result = achieved ? unitedDone(achieved, toWrite, place.figures) : done;
    const keySet = store.between ? toWrite.withBase(reading.found?.version ?? fromNothing) : toWrite;
    const text = await textToStore(keySet, decryption);
    try {
      if (await store.write(text, reading.found?.version)) {
        if (!store.between) return result;
        // Of two who found each other's union beside their own, one is to be first.
        if (achieved) await wait(Math.random() * longestPause * attempt);
        achieved = result;
        attempt++;
        continue;
      }
      last = attemptOf(text, keySet, before, result);
    } catch (error) {
      last = { ...attemptOf(text, keySet, before, result), error };
    }
    await wait(Math.random() * longestPause * attempt);
    attempt++;
  }
  // Readers unite what is left, as the next writer does.
  if (achieved) return achieved;
  if (last?.error !== undefined) throw last.error as Error;
  throw new KeyStoreError(
    'KEY_STORE_BUSY',
    `${decryption.where} was changed by somebody else each time before this could be written. Try again.`,
  );
}

async function readingOf(place: Workplace): Promise<Reading> {
  const found = await place.store.read();
  const set = found && (await openStored(found.text, place.decryption));
  if (!set) return { found, versions: [] };
  const versions = await versionsOf(place, found, set);
  const [first = set, ...others] = versions;
  // Two who unite the same would else go on to unite what they wrote, in turns.
  const isUnited =
    others.length > 0 && unite([first, ...others]).toText() === set.withBase(undefined).toText();
  return { found, versions: isUnited ? [set] : versions };
}

function unitedOf({ versions }: Reading): KeySet | undefined {
  const [first, ...others] = versions;
  return first && (others.length === 0 ? first : unite([first, ...others]));
}

async function decide(
  { versions }: Reading,
  act: Act,
  { figures, clock = usualClock }: Workplace,
  make: CommandContext['make'],
): Promise<Decision> {
  const context = { t: clock(), figures, make };
  const { t } = context;
  const [first, ...others] = versions;
  const union = first && others.length > 0 ? await writeUnion([first, ...others], context) : undefined;
  const before = union?.type === 'write' ? union.keySet : first;
  const outcome = await act(before, context);
  const toWrite = outcome.type === 'write' ? outcome.keySet : union && before;
  return { done: { outcome, t, before }, toWrite };
}

/** What is said in the end is of the key set that is there in the end. */
function unitedDone(done: Done, keySet: KeySet, figures: Figures): Done {
  if (done.outcome.type !== 'write') return done;
  return { ...done, outcome: { type: 'write', keySet, sentences: sentencesAbout(keySet, done.t, figures) } };
}

function attemptOf(text: string, keySet: KeySet, before: KeySet | undefined, done: Done): Attempt {
  return { text, done, added: keySet.keys.filter((key) => !before?.has(key)) };
}

/** Whether what was written is there although the answer was lost; somebody else may have written on top of it. */
function isThere({ text, added }: Attempt, { found, versions }: Reading): boolean {
  if (found?.text.trim() === text) return true;
  return added.length > 0 && added.every((key) => versions.some((set) => set.has(key)));
}

function isTransient(error: unknown): boolean {
  return error instanceof KeyStoreError && error.isTransient;
}
