import { readFile } from 'node:fs/promises';

import type { NamedSettings } from '../sources/misspelt-settings.js';
import { settingsInText } from '../sources/settings-file.js';

/** The file of settings that ConfigModule reads by default. */
export const settingsFile = '.env';

/** The environment over the file of settings, by name. */
export async function settingValues(): Promise<NodeJS.Dict<string>> {
  return { ...(await settingsInFile(settingsFile)), ...process.env };
}

/** The environment and, beneath it, the file `.env` of the folder, as ConfigModule of Nest reads them. */
export async function readEnvironment(): Promise<NamedSettings> {
  const values = await settingValues();
  return { get: (name) => values[name], names: () => Object.keys(values) };
}

async function settingsInFile(path: string): Promise<object> {
  try {
    return settingsInText(await readFile(path, 'utf8'));
  } catch (error) {
    // ConfigModule passes over one that it cannot read.
    if ((error as NodeJS.ErrnoException).code !== undefined) return {};
    throw error;
  }
}
