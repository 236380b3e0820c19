import { nearestTo } from '../core/edit-distance.js';
import { isUnset } from '../core/reading/text.js';
import { defaultEnvPrefix, everySettingName, fileSuffix, namesOfKeySetting } from './setting-names.js';
import type { SettingsReader } from './settings.js';

/** Settings whose names can be listed, as those of a process can. */
export interface NamedSettings extends SettingsReader {
  names(): readonly string[];
}

/**
 * Settings that come from ConfigService, which lists no names: those of the process, and whatever it has under a name
 * that is a singular for a plural, or the other way round.
 */
export function namedSettings(settings: SettingsReader, prefix: string): NamedSettings {
  const variants = everySettingName(prefix).flatMap((name) => variantsOf(name, prefix));
  return {
    get: (name) => settings.get(name),
    names: () => [
      ...new Set([...Object.keys(process.env), ...variants.filter((name) => !isUnset(settings.get(name)))]),
    ],
  };
}

function variantsOf(name: string, prefix: string): string[] {
  const words = name.slice(prefix.length).split('_');
  return words.map((word, index) => {
    const other = word.endsWith('S') ? word.slice(0, -1) : `${word}S`;
    return prefix + words.with(index, other).join('_');
  });
}

// A letter more, less or other, twice; an application has names of its own under the prefix, such as OIDC_ISSUER.
const farthest = 2;
// RSA_PRIVATE_KEY, say. It may be anybody's, so it is said only where no key is set.
const farthestOfAlias = 4;
const beginningOfAlias = 'RSA_';

/**
 * What to say of each setting that nothing reads and whose name is nearly that of one.
 *
 * @param isGivenKeys whether the keys come from elsewhere
 */
export function misspeltSettings(settings: NamedSettings, prefix: string, isGivenKeys = false): string[] {
  const known = everySettingName(prefix);
  const hasKey =
    isGivenKeys ||
    namesOfKeySetting('current', prefix).some(
      (name) => name !== undefined && [name, name + fileSuffix].some((each) => !isUnset(settings.get(each))),
    );
  return settings
    .names()
    .filter((name) => !known.includes(name) && !isOfOtherIssuer(name, prefix, known))
    .flatMap((name) => {
      const meant = meantBy(name, prefix, known, hasKey);
      // Windows knows no case: it gives one setting under both names.
      const isRead =
        meant?.toUpperCase() === name.toUpperCase() && settings.get(meant) === settings.get(name);
      return meant === undefined || isRead
        ? []
        : `The setting ${name} is read by nothing. Was ${meant} meant?`;
    });
}

/** A second issuer of the application has a prefix of its own, which may begin as this one does. */
function isOfOtherIssuer(name: string, prefix: string, known: readonly string[]): boolean {
  if (!name.startsWith(prefix)) return false;
  const rest = name.slice(prefix.length);
  const own = known.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
  return own.some((each) => rest.endsWith(`_${each}`) && rest.length > each.length + 1);
}

function meantBy(
  name: string,
  prefix: string,
  known: readonly string[],
  hasKey: boolean,
): string | undefined {
  const written = name.toUpperCase().replaceAll(/[-.]/g, '_');
  const beginning = written.slice(0, prefix.length);
  // Letters that changed places, as in ODIC_: another letter may be the prefix of another issuer.
  if (lettersOf(beginning) === lettersOf(prefix)) {
    return nearestTo(prefix + written.slice(prefix.length), known, farthest);
  }
  if (prefix !== defaultEnvPrefix || !written.startsWith(beginningOfAlias)) return undefined;
  return nearestTo(written, known, hasKey ? farthest : farthestOfAlias);
}

function lettersOf(text: string): string {
  return text.toUpperCase().split('').toSorted().join('');
}
