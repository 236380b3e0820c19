import { fromNothing } from '../key-store.js';
import type { VersionProperties } from './secrets-package.js';

/** What versions of secrets, and of keys, are ordered by. */
export interface Ordered {
  /** 32 hexadecimal digits, of no order. */
  readonly identifier: string;
  /** In whole seconds since 1970: the service has no finer time. */
  readonly created: number;
}

/** A version of a secret, as it stands among the others. */
export interface Version extends Ordered {
  readonly isEnabled: boolean;
  readonly contentType: string | undefined;
  readonly tags: Record<string, string> | undefined;
}

export function versionIn(properties: VersionProperties): Version | undefined {
  const { version, createdOn, enabled = true, contentType, tags } = properties;
  if (version === undefined || !(createdOn instanceof Date)) return undefined;
  return {
    identifier: version,
    created: Math.floor(createdOn.getTime() / 1000),
    isEnabled: enabled,
    contentType,
    tags,
  };
}

/**
 * By their creation, and within one second by their identifiers: of no meaning, but the same for every reader. The last
 * one is what all of them read.
 */
export function inOrder<Each extends Ordered>(versions: readonly Each[]): readonly Each[] {
  const unique = new Map(versions.map((version) => [version.identifier, version]));
  return [...unique.values()].toSorted(
    (a, b) => a.created - b.created || (a.identifier < b.identifier ? -1 : 1),
  );
}

/**
 * What may have been written without being known to whoever made `version` from `base`: what stands between them, and what
 * ties with `base`, since who wrote after it was read, in the same second, may stand before it.
 *
 * Who read `version` in its own second and wrote on top of it may stand before it too, and then is between them: `version`
 * is what all read until the second is over, and the union that is then written has everything. What stands behind `version`
 * came after it was read, and is found by whoever reads next; to take it in here would be to see another order than they do.
 * What was known after all does no harm, for to unite it once more changes nothing. It ends there, since we never write in
 * the second of what we write on top of: nothing of ours ties with that `base`.
 */
export function besides(versions: readonly Version[], base: string, version: string): readonly Version[] {
  const from = base === fromNothing ? { created: -Infinity } : named(versions, base);
  // A base that was never here is one of another store, from which somebody has copied.
  if (!from) return [];
  const end = versions.findIndex(({ identifier }) => identifier === version);
  return versions
    .slice(0, Math.max(end, 0))
    .filter(({ identifier, created }) => identifier !== base && created >= from.created);
}

function named(versions: readonly Version[], identifier: string): Version | undefined {
  return versions.find((each) => each.identifier === identifier);
}
