import { readFileSync } from 'node:fs';

import { OidcKeyError } from './core/errors.js';
import { missing } from './core/key-material.js';
import type { KeyInput, KeySetting } from './core/key-material.js';
import type { KeySettings } from './core/key-settings.js';
import { loadSlotsNow } from './core/slots.js';

/** What ConfigService is to us; the command line reads the environment through the same functions. */
export interface SettingsReader {
  get(name: string): unknown;
}

export const defaultEnvPrefix = 'OIDC_';

/** The name in the documentation of `@jmondi/oauth2-server`. */
const aliasOfPrivateKey = 'RSA_PRIVATE_KEY_PEM';

/** A setting that is set: its value, and whether NAME or NAME_FILE gave it. */
interface Setting {
  readonly name: string;
  readonly value: unknown;
}

/**
 * Reads NAME, or the file that NAME_FILE names. An empty value, or an empty file, is unset.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT` where both are set, `OIDC_KEY_UNREADABLE_FILE`.
 */
function read(reader: SettingsReader, name: string): Setting | undefined {
  const value = reader.get(name);
  const path = reader.get(`${name}_FILE`);
  if (isUnset(path)) return isUnset(value) ? undefined : { name, value };
  if (!isUnset(value)) {
    throw new OidcKeyError('OIDC_KEY_CONFLICT', `${name} and ${name}_FILE are both set. Remove one of them.`);
  }
  const content = readFile(path, `${name}_FILE`);
  return isUnset(content.toString('latin1')) ? undefined : { name: `${name}_FILE`, value: content };
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function readFile(path: unknown, name: string): Buffer {
  // The path is not repeated: people do put the key itself there.
  if (typeof path !== 'string' || path.includes('-----BEGIN') || path.trim().startsWith('{')) {
    throw new OidcKeyError(
      'OIDC_KEY_UNREADABLE_FILE',
      `${name} is no path. It names a file; the key itself goes into the name without _FILE.`,
    );
  }
  try {
    return readFileSync(path.trim());
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new OidcKeyError(
      'OIDC_KEY_UNREADABLE_FILE',
      `The file that ${name} names cannot be read (${code}). Check that it exists, and that this process may read it.`,
    );
  }
}

/** Text without the line end that editors and `echo` leave behind. */
function textOf(setting: Setting | undefined): string | undefined {
  if (!setting) return undefined;
  return Buffer.isBuffer(setting.value)
    ? setting.value.toString('utf8').replace(/\r?\n$/, '')
    : String(setting.value);
}

function keySetting(setting: Setting, passphrase: string | undefined): KeySetting {
  return { name: setting.name, value: setting.value as KeyInput, passphrase };
}

/** The passphrase of every encrypted key. */
export function readPassphrase(reader: SettingsReader, prefix: string): string | undefined {
  return textOf(read(reader, `${prefix}PRIVATE_KEY_PASSPHRASE`));
}

/**
 * The keys of all slots.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_CONFLICT`, `OIDC_KEY_UNREADABLE_FILE`.
 */
export function readKeySettings(reader: SettingsReader, prefix: string): KeySettings {
  const passphrase = readPassphrase(reader, prefix);
  const slot = (name: string) => {
    const setting = read(reader, `${prefix}${name}`);
    return setting && keySetting(setting, passphrase);
  };
  return {
    current: readCurrentKey(reader, prefix, passphrase),
    next: slot('NEXT_KEYS'),
    previous: slot('PREVIOUS_KEYS'),
  };
}

function readCurrentKey(reader: SettingsReader, prefix: string, passphrase: string | undefined): KeySetting {
  const names = [`${prefix}PRIVATE_KEY`, ...(prefix === defaultEnvPrefix ? [aliasOfPrivateKey] : [])];
  const found = names
    .flatMap((name) => read(reader, name) ?? [])
    .map((setting) => keySetting(setting, passphrase));
  const [first, second] = found;
  if (!first) throw missing(`${prefix}PRIVATE_KEY (or ${prefix}PRIVATE_KEY_FILE)`);
  if (second && kidsOf(first) !== kidsOf(second)) {
    throw new OidcKeyError(
      'OIDC_KEY_CONFLICT',
      `${first.name} and ${second.name} hold different keys. Remove one of them; ${second.name} is only an alias.`,
    );
  }
  return first;
}

function kidsOf(setting: KeySetting): string {
  return loadSlotsNow({ current: setting })
    .current.map(({ kid }) => kid)
    .toSorted()
    .join();
}

/**
 * How long relying parties may cache the JWKS, in seconds; undefined where it is not set.
 *
 * @throws OidcKeyError `OIDC_KEY_UNREADABLE_FILE`; a value that is no number becomes NaN.
 */
export function readJwksMaxAge(
  reader: SettingsReader,
  prefix: string,
): { name: string; seconds: number } | undefined {
  const setting = read(reader, `${prefix}JWKS_MAX_AGE`);
  const text = textOf(setting)?.trim();
  if (!setting || text === undefined) return undefined;
  return { name: setting.name, seconds: /^\d+$/.test(text) ? Number(text) : Number.NaN };
}
