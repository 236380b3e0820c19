import { OidcKeyError } from '../core/errors.js';
import { decodeText } from '../core/reading/text.js';
import { Files } from './files/files.js';
import { readSetting } from './settings.js';
import type { SettingsReader } from './settings.js';

/**
 * The text of a setting that is no key, or of its file; undefined where it is not set.
 *
 * @throws OidcKeyError what is wrong with the setting, or with its file
 */
export async function settingText(settings: SettingsReader, name: string): Promise<string | undefined> {
  const { value, about } = await readSetting(settings, name, new Files().ofOneMoment());
  if (value instanceof OidcKeyError) throw value;
  if (about.absence) throw about.absence;
  return decodeText(value);
}
