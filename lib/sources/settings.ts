import { readFileSync } from 'node:fs';

import { OidcKeyError } from '../core/errors.js';
import { loadKeyMaterial } from '../core/reading/key-material.js';
import type { KeyInput, KeySetting } from '../core/reading/key-material.js';
import type { KeySettings } from '../core/reading/key-settings.js';
import { missing } from '../core/reading/missing-key.js';
import { thumbprintOf } from '../core/key/public-jwk.js';
import { VerificationKey } from '../core/key/verification-key.js';
import { instantOf } from '../core/reading/instant.js';
import { checkedSeconds } from '../rotation/timing.js';

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

/** Reads the files that settings name; a source of several files reads them as of one moment. */
export interface FileReader {
  read(path: string): Buffer;
}

const plainFiles: FileReader = { read: (path) => readFileSync(path) };

/**
 * Reads NAME, or the file that NAME_FILE names. An empty value, or an empty file, is unset.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT` where both are set, `OIDC_KEY_UNREADABLE_FILE`.
 */
function read(reader: SettingsReader, name: string, files: FileReader): Setting | undefined {
  const value = reader.get(name);
  const path = reader.get(`${name}_FILE`);
  if (isUnset(path)) return isUnset(value) ? undefined : { name, value };
  if (!isUnset(value)) {
    throw new OidcKeyError('OIDC_KEY_CONFLICT', `${name} and ${name}_FILE are both set. Remove one of them.`);
  }
  const content = readFile(path, `${name}_FILE`, files);
  return isUnset(content.toString('latin1')) ? undefined : { name: `${name}_FILE`, value: content };
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function readFile(path: unknown, name: string, files: FileReader): Buffer {
  // The path is not repeated: people do put the key itself there.
  if (typeof path !== 'string' || path.includes('-----BEGIN') || path.trim().startsWith('{')) {
    throw new OidcKeyError(
      'OIDC_KEY_UNREADABLE_FILE',
      `${name} is no path. It names a file; the key itself goes into the name without _FILE.`,
    );
  }
  try {
    return files.read(path.trim());
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

/** The passphrase of every encrypted key. */
export function readPassphrase(
  reader: SettingsReader,
  prefix: string,
  files = plainFiles,
): string | undefined {
  return textOf(read(reader, `${prefix}PRIVATE_KEY_PASSPHRASE`, files));
}

/** `expandVariables` of ConfigModule alters a "$" in a value, and nothing else would say so. */
export function passphraseRemedyFor(prefix: string): string {
  const name = `${prefix}PRIVATE_KEY_PASSPHRASE`;
  return `Set ${name}, or ${name}_FILE if it holds a "$"`;
}

/**
 * The keys of all slots.
 *
 * @throws OidcKeyError `OIDC_KEY_MISSING`, `OIDC_KEY_CONFLICT`, `OIDC_KEY_UNREADABLE_FILE`.
 */
export function readKeySettings(reader: SettingsReader, prefix: string, files = plainFiles): KeySettings {
  const passphrase = readPassphrase(reader, prefix, files);
  const passphraseRemedy = passphraseRemedyFor(prefix);
  const settingOf = (name: string): KeySetting | undefined => {
    const setting = read(reader, name, files);
    return setting && { name: setting.name, value: setting.value as KeyInput, passphrase, passphraseRemedy };
  };
  return {
    current: currentKey(settingOf, prefix),
    next: settingOf(`${prefix}NEXT_KEYS`),
    previous: settingOf(`${prefix}PREVIOUS_KEYS`),
  };
}

function namesOfCurrentKey(prefix: string): string[] {
  return [`${prefix}PRIVATE_KEY`, ...(prefix === defaultEnvPrefix ? [aliasOfPrivateKey] : [])];
}

function currentKey(settingOf: (name: string) => KeySetting | undefined, prefix: string): KeySetting {
  const [first, second] = namesOfCurrentKey(prefix).flatMap((name) => settingOf(name) ?? []);
  if (!first) throw missing(`${prefix}PRIVATE_KEY (or ${prefix}PRIVATE_KEY_FILE)`);
  if (second && thumbprintsOf(first) !== thumbprintsOf(second)) {
    throw new OidcKeyError(
      'OIDC_KEY_CONFLICT',
      `${first.name} and ${second.name} hold different keys. Remove one of them; ${second.name} is only an alias.`,
    );
  }
  return first;
}

function thumbprintsOf(setting: KeySetting): string {
  return loadKeyMaterial(setting)
    .map((material) => thumbprintOf(new VerificationKey(material).publicKey))
    .toSorted()
    .join();
}

/** When next keys start to sign, in milliseconds since 1970. */
export function readNextActivatesAt(
  reader: SettingsReader,
  prefix: string,
  files = plainFiles,
): number | undefined {
  const setting = read(reader, `${prefix}NEXT_KEY_ACTIVATES_AT`, files);
  const text = textOf(setting)?.trim();
  return setting && text !== undefined ? instantOf(text, setting.name).getTime() : undefined;
}

/** The kids that are never published, accepted or used. */
export function readRevokedKids(reader: SettingsReader, prefix: string, files = plainFiles): string[] {
  const text = textOf(read(reader, `${prefix}REVOKED_KIDS`, files)) ?? '';
  return text.split(/[\s,]+/).filter((kid) => kid !== '');
}

/**
 * A number of seconds; undefined where it is not set.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, `OIDC_KEY_UNREADABLE_FILE`
 */
export function readSeconds(reader: SettingsReader, name: string): number | undefined {
  const setting = read(reader, name, plainFiles);
  const text = textOf(setting)?.trim();
  if (!setting || text === undefined) return undefined;
  return checkedSeconds(/^\d+$/.test(text) ? Number(text) : Number.NaN, setting.name);
}

/** The files that settings about keys name: what has to be watched. */
export function settingFiles(reader: SettingsReader, prefix: string): string[] {
  const names = [
    'PRIVATE_KEY_PASSPHRASE',
    'NEXT_KEYS',
    'PREVIOUS_KEYS',
    'NEXT_KEY_ACTIVATES_AT',
    'REVOKED_KIDS',
  ];
  const files = [...namesOfCurrentKey(prefix), ...names.map((name) => prefix + name)];
  return files
    .map((name) => reader.get(`${name}_FILE`))
    .filter((path): path is string => typeof path === 'string' && path.trim() !== '')
    .map((path) => path.trim());
}
