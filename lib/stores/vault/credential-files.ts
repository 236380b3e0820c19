import { readFile } from 'node:fs/promises';

import { KeyStoreError } from '../key-store.js';
import type { VaultSetting, VaultSettings } from './vault-settings.js';

/** What is in a file, without the line end; undefined where there is none. */
export async function fileOf(path: string): Promise<string | undefined> {
  try {
    const text = await readFile(path, 'utf8');
    return text.trim();
  } catch {
    return undefined;
  }
}

/**
 * What is in the file that a setting names. Read anew each time, since whoever puts it there replaces it.
 *
 * @throws KeyStoreError `KEY_STORE_UNAUTHENTICATED`
 */
export async function textIn({ name, value }: VaultSetting, { where }: VaultSettings): Promise<string> {
  const text = await fileOf(value);
  if (text !== undefined && text !== '') return text;
  throw new KeyStoreError(
    'KEY_STORE_UNAUTHENTICATED',
    `${where} is not asked: the file that ${name} names is ${text === '' ? 'empty' : 'not there, or cannot be read'}.`,
    // Whoever writes it may have been started at the same time.
    { isTransient: true },
  );
}
