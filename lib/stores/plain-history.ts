import { OidcKeyError } from '../core/errors.js';
import { withEnds } from '../core/key-set/complete.js';
import { afterlifeOf } from '../core/key-set/figures.js';
import type { Figures } from '../core/key-set/figures.js';
import { isKeySet } from '../core/key-set/key-set-document.js';
import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import { KeySet } from '../core/key-set/key-set.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import type { KeyStore, OtherVersion, StoredText } from './key-store.js';
import { openStored } from './stored-key-set.js';

const aDay = 86_400;

/** The keys of one version, and since when they are there. */
interface Version {
  readonly keys: readonly KeyOfSet[];
  readonly since: number;
  readonly isPending: boolean;
}

/**
 * Plain keys of a store that keeps its versions, as a key set: whoever puts a new PEM over the old one rotates, and each
 * key has lived since its version was written. The key before signs on until relying parties know the new one, and is
 * published until its tokens have expired.
 *
 * @param newest what the store holds: plain keys
 * @returns `newest` where no other key was there
 */
export async function withOtherVersions(
  store: KeyStore,
  newest: KeySet,
  { since, t }: { readonly since: StoredText['since']; readonly t: number },
  { decryption, figures }: { readonly decryption: Decryption; readonly figures: Figures },
): Promise<KeySet> {
  if (!store.others || since === undefined) return newest;
  const versions: Version[] = [{ keys: newest.keys, since, isPending: false }];
  for (const other of await store.others()) {
    const version = await versionOf(other, decryption);
    if (version) versions.push(version);
  }
  const lives = [...livesOf(versions).values()].toSorted((a, b) => a.since - b.since);
  const current = lives.filter(({ key }) => newest.has(key));
  // Whoever puts another key there under the same kid can have one of them only.
  const ofKid = new Map([...lives, ...current].map((life) => [life.key.kid, life]));
  const others = [...ofKid.values()].filter(({ key }) => !newest.has(key));
  if (others.length === 0) return newest;
  const before = others.filter((life) => isBefore(life, current));
  const silent = others.filter((life) => !before.includes(life));
  // The newest stands last among the keys of its algorithm, whatever the clock of the store says.
  const keys = [
    ...before.map(dated),
    ...silent.map((life) => silentKey(life, current, { since, t, figures })),
    ...current.map(dated),
  ];
  return withEnds(withoutTies(keys), figures);
}

/** Keys that were put there again have been there since the first time. */
function livesOf(versions: readonly Version[]): ReadonlyMap<string, Life> {
  const lives = new Map<string, Life>();
  for (const { keys, since, isPending } of versions) {
    for (const key of keys) {
      const known = lives.get(key.thumbprint);
      const first = Math.min(since, known?.since ?? Infinity);
      // It was the newest once, or is.
      lives.set(key.thumbprint, {
        key: known?.key ?? key,
        since: first,
        isPending: isPending && (known?.isPending ?? true),
      });
    }
  }
  return lives;
}

interface Life {
  readonly key: KeyOfSet;
  readonly since: number;
  readonly isPending: boolean;
}

function dated({ key, since }: Life): KeyOfSet {
  return key.with({ iat: Math.floor(since) });
}

/** Whether a key signed before the newest one of its algorithm, and does until that one is known. */
function isBefore({ key, since, isPending }: Life, current: readonly Life[]): boolean {
  const follower = current.find((each) => each.key.algorithm === key.algorithm);
  return !isPending && follower !== undefined && since <= follower.since;
}

/**
 * A key that is known and does not sign: one that is to come, one that was taken back, and one of an algorithm that was
 * given up.
 */
function silentKey(
  life: Life,
  currents: readonly Life[],
  { since, t, figures }: { readonly since: number; readonly t: number; readonly figures: Figures },
): KeyOfSet {
  const key = dated(life).withoutSigner();
  const current = currents.find((each) => each.key.algorithm === key.algorithm);
  if (!current && !life.isPending) return key.with({ exp: Math.ceil(since) + afterlifeOf(figures) });
  // For as long as its version is there; in whole days, so that it is the same text for a while.
  const exp = Math.ceil((t + afterlifeOf(figures)) / aDay) * aDay;
  return key.with({ iat: Math.min(key.iat!, Math.floor(current?.since ?? since) - 1), exp });
}

/** Versions that were written within one second are in the order in which they were written all the same. */
function withoutTies(keys: readonly KeyOfSet[]): KeySet {
  const taken = new Set<string>();
  return new KeySet(
    keys.map((key) => {
      let iat = key.iat!;
      while (taken.has(`${key.algorithm.names[0]} ${iat}`)) iat++;
      taken.add(`${key.algorithm.names[0]} ${iat}`);
      return key.with({ iat });
    }),
  );
}

/** What is no plain key, or cannot be opened, is passed over: it may be anything that somebody kept there once. */
async function versionOf(
  { text, since, isPending = false }: OtherVersion,
  decryption: Decryption,
): Promise<Version | undefined> {
  try {
    const set = await openStored(text, decryption);
    return set && !isKeySet(set.toDocument()) ? { keys: set.keys, since, isPending } : undefined;
  } catch (error) {
    if (error instanceof OidcKeyError) return undefined;
    throw error;
  }
}
