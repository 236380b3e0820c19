import { isObject } from '../../core/objects.js';
import { versionOf } from './kv-answers.js';

/**
 * The numbers of those versions before one that hold anything yet; none where that one is not of this history.
 *
 * @param versions as the metadata of a secret list them
 */
export function versionsBefore(version: string, versions: unknown): readonly number[] {
  const all = isObject(versions) ? Object.entries(versions) : [];
  const known = all.find(
    ([number, value]) => isObject(value) && version === versionOf(Number(number), String(value.created_time)),
  );
  if (!known) return [];
  return all
    .filter(([, value]) => isObject(value) && value.destroyed !== true)
    .map(([number]) => Number(number))
    .filter((number) => Number.isSafeInteger(number) && number < Number(known[0]));
}
