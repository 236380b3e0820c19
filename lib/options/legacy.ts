import type { LegacyHs256 } from '../core/jwt/legacy/legacy-hs256.js';
import { legacyOf } from '../core/jwt/legacy/legacy-options.js';
import type { NamedValue } from '../core/reading/named-value.js';
import { readPrivateSetting } from '../sources/exposed-key.js';
import { Files } from '../sources/files/files.js';
import { legacySettings } from '../sources/setting-names.js';
import { readSetting } from '../sources/settings.js';
import type { SettingsReader } from '../sources/settings.js';

const names = Object.keys(legacySettings) as (keyof typeof legacySettings)[];

/**
 * The secret of HS256 that signed before, each part of it from the option or else from its setting, whatever the keys
 * come from.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, and what is wrong with a setting
 */
export async function legacyFrom(
  { legacyHs256 }: { readonly legacyHs256?: unknown },
  settings: SettingsReader | undefined,
  prefix: string,
): Promise<LegacyHs256 | undefined> {
  if (!settings) return legacyOf(legacyHs256);
  const files = new Files().ofOneMoment();
  const read: Partial<Record<(typeof names)[number], NamedValue>> = {};
  for (const name of names) {
    const setting = prefix + legacySettings[name];
    const readIt = name === 'secret' ? readPrivateSetting : readSetting;
    const value = await readIt(settings, setting, files);
    if (value.about.absence) throw value.about.absence;
    read[name] = value;
  }
  return legacyOf(legacyHs256, read);
}
