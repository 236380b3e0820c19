import { readFile } from 'node:fs/promises';

import type { NamedSettings } from '../../sources/misspelt-settings.js';
import {
  everySettingName,
  fileSuffix,
  legacySettings,
  namesOfKeySetting,
  storeSetting,
} from '../../sources/setting-names.js';
import { settingsInText } from '../../sources/settings-file.js';
import { settingText } from '../../sources/setting-text.js';
import { pathIn } from '../../sources/settings.js';
import type { FileOfKeys } from './file-findings.js';

/** Every file that settings name or stand in, and the one that is the store. */
export async function filesOfKeys(
  settings: NamedSettings,
  prefix: string,
  settingsFile: string | undefined,
): Promise<FileOfKeys[]> {
  const named = everySettingName(prefix).flatMap((name) => {
    const path = name.endsWith(fileSuffix) ? undefined : pathIn(settings, name);
    // Who can read it is for the boot to say.
    return path === undefined ? [] : [{ path, where: name + fileSuffix, looksForReaders: false }];
  });
  return [
    ...named,
    ...(await storeOf(settings, prefix)),
    ...(settingsFile === undefined ? [] : await fileOfSettings(settingsFile, prefix)),
  ];
}

async function storeOf(settings: NamedSettings, prefix: string): Promise<FileOfKeys[]> {
  const where = prefix + storeSetting;
  // What is wrong with the setting stops the boot, which says so.
  const reference = await settingText(settings, where).catch(() => undefined);
  const [, path] = /^file:([^#]+)/.exec(reference ?? '') ?? [];
  return path === undefined ? [] : [{ path, where, looksForReaders: true }];
}

/** What opens stores, by the names that their vendors gave it. */
const credentials = ['VAULT_TOKEN', 'AWS_SECRET_ACCESS_KEY', 'AZURE_CLIENT_SECRET'];

/** Whoever writes a setting says what signs, and a secret is to be read by nobody else. */
async function fileOfSettings(path: string, prefix: string): Promise<FileOfKeys[]> {
  const members = ['current', 'next', 'passphrase'] as const;
  const ofKeys = members.flatMap((member) => namesOfKeySetting(member, prefix));
  const secrets = [...ofKeys, prefix + legacySettings.secret, ...credentials];
  const names = await readFile(path, 'utf8').then(
    (text) => Object.keys(settingsInText(text)),
    // ConfigModule passes over a file that it cannot read.
    () => [],
  );
  const ours = [...everySettingName(prefix), ...credentials];
  const looksForReaders = names.some((name) => secrets.includes(name));
  return names.some((name) => ours.includes(name)) ? [{ path, where: path, looksForReaders }] : [];
}
