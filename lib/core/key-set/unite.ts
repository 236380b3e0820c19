import { withSigners } from './add-key.js';
import type { CommandContext } from './add-key.js';
import { completed } from './complete.js';
import { KeyOfSet } from './key-of-set.js';
import type { Revocation } from './key-set-document.js';
import { KeySet } from './key-set.js';
import { sentencesAbout } from './sentences.js';
import type { Outcome } from './outcome.js';

/**
 * One key set of several that were written beside each other, where a store has versions and no compare-and-set. Readers
 * and writers unite the same way, and all of them come to the same.
 *
 * @param versions in the order of the store, oldest first: what was read, and what lies between it and its `base`
 */
export function unite(versions: readonly [KeySet, ...KeySet[]]): KeySet {
  const dropped = rivalsIn(versions);
  const forms = new Map<string, KeyOfSet[]>();
  for (const { keys } of versions) {
    for (const key of keys) forms.set(key.thumbprint, [...(forms.get(key.thumbprint) ?? []), key]);
  }
  const keys = [...forms]
    .filter(([thumbprint]) => !dropped.has(thumbprint))
    .map(([, same]) => unitedKey(same));
  const united = keys.map((key) => (key.revoked ? revokedAfterRivals(key, versions, dropped) : key));
  const members = together(versions.map((set) => set.members));
  return new KeySet(united, { ...members, base: undefined });
}

/**
 * What a writer makes of such versions: their union, and for it what `revoke` says. Where nothing is left to sign for an
 * algorithm of which one of them revoked a key, a key is made.
 */
export async function writeUnion(
  versions: readonly [KeySet, ...KeySet[]],
  context: CommandContext,
): Promise<Outcome> {
  const { t, figures } = context;
  const union = unite(versions);
  const lost = union.keys.filter(
    (key) =>
      key.revoked && versions.some((set) => set.keys.some((each) => isSame(each, key) && each.canSign)),
  );
  const needed = new Set(lost.map(({ algorithm }) => algorithm));
  const whole = await withSigners(union, [...needed], context);
  const keySet = completed(whole, t, figures);
  return { type: 'write', keySet, sentences: sentencesAbout(keySet, t, figures) };
}

/**
 * Keys that were made beside an earlier one: each was the newest unrevoked one of its algorithm in a version, and no
 * version has both. Whoever made the later one knew nothing of the other; the one of the earlier version stays.
 */
function rivalsIn(versions: readonly KeySet[]): ReadonlySet<string> {
  const newest = versions.flatMap((set) =>
    set.algorithms.flatMap((algorithm) => set.unrevokedOf(algorithm).at(-1) ?? []),
  );
  const kept: KeyOfSet[] = [];
  const rivals = new Set<string>();
  for (const key of newest) {
    const isRival = kept.some(
      (other) => other.algorithm === key.algorithm && !versions.some((set) => set.has(key) && set.has(other)),
    );
    if (isRival) rivals.add(key.thumbprint);
    else kept.push(key);
  }
  return rivals;
}

/** @param forms of one key, oldest first */
function unitedKey(forms: readonly KeyOfSet[]): KeyOfSet {
  const [first] = forms as [KeyOfSet];
  if (forms.length === 1) return first;
  const revoked = latestOf(forms);
  const able = forms.find(({ canSign }) => canSign);
  const { iat, nbf } = first;
  const base = revoked ? first.withoutSigner() : (able ?? first);
  const others = together(forms.map((form) => form.withoutSigner().toDocument()));
  const exps = forms.map(({ exp }) => exp);
  const exp = exps.some((each) => each === undefined) ? undefined : Math.max(...(exps as number[]));
  return new KeyOfSet({ ...others, ...base.toDocument() }, base.identity).with({ iat, nbf, exp, revoked });
}

/**
 * Whoever made a key beside a revocation did not know of it, and let the key wait: it replaces the revoked one all the
 * same, as one does that was made before.
 */
function revokedAfterRivals(
  key: KeyOfSet,
  versions: readonly KeySet[],
  dropped: ReadonlySet<string>,
): KeyOfSet {
  const unaware = versions.filter((set) => set.keys.some((each) => isSame(each, key) && !each.revoked));
  const waiting = unaware
    .flatMap((set) => set.unrevokedOf(key.algorithm))
    .filter((each) => !dropped.has(each.thumbprint) && !isSame(each, key));
  const { revoked_at: instant, ...rest } = key.revoked!;
  const latest = Math.max(instant, ...waiting.map(({ iat = -Infinity }) => iat + 1));
  return latest === instant ? key : key.with({ revoked: { ...rest, revoked_at: latest } });
}

function isSame(a: KeyOfSet, b: KeyOfSet): boolean {
  return a.thumbprint === b.thumbprint;
}

/** A revocation only grows: the later instant holds for longer. */
function latestOf(forms: readonly KeyOfSet[]): Revocation | undefined {
  return forms
    .flatMap(({ revoked }) => revoked ?? [])
    .toSorted((a, b) => a.revoked_at - b.revoked_at)
    .at(-1);
}

/** The members of all of these; a later one holds. */
function together(all: readonly object[]): Record<string, unknown> {
  return Object.fromEntries(all.flatMap((each) => Object.entries(each)));
}
