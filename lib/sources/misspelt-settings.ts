import { nearestTo } from '../core/edit-distance.js';
import { isUnset } from '../core/reading/text.js';
import { everySettingName } from './setting-names.js';
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

/** What to say of each setting that nothing reads and whose name is nearly that of one. */
export function misspeltSettings(settings: NamedSettings, prefix: string): string[] {
  const known = everySettingName(prefix);
  return settings
    .names()
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .flatMap((name) => {
      const meant = nearestTo(name, known, farthest);
      return meant === undefined ? [] : `The setting ${name} is read by nothing. Was ${meant} meant?`;
    });
}
