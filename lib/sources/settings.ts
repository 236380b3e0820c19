import { OidcKeyError } from '../core/errors.js';
import { NamedValue } from '../core/reading/named-value.js';
import { revokedKidsOf } from '../core/reading/revoked-kids.js';
import { decodeText, isUnset } from '../core/reading/text.js';
import type { FilesOfOneMoment } from './files/files.js';
import { fileSuffix } from './setting-names.js';

/** What ConfigService is to us; the command line reads the environment through the same functions. */
export interface SettingsReader {
  /** The value of a setting; undefined where it is not set. */
  get(name: string): unknown;
}

/**
 * The value of NAME, or of the file that NAME_FILE names; undefined where it is unset, or where that file is missing.
 * What is wrong with the setting stands in place of its value: `OIDC_KEY_CONFLICT` where both are set,
 * `OIDC_KEY_UNREADABLE_FILE`.
 */
export async function readSetting(
  reader: SettingsReader,
  name: string,
  files: FilesOfOneMoment,
): Promise<NamedValue> {
  const value = reader.get(name);
  const nameOfFile = name + fileSuffix;
  const path = reader.get(nameOfFile);
  if (isUnset(path)) return isUnset(value) ? unset(name) : new NamedValue(name, value);
  if (!isUnset(value)) {
    const conflict = `${name} and ${nameOfFile} are both set. Remove one of them.`;
    return new NamedValue(name, new OidcKeyError('OIDC_KEY_CONFLICT', conflict));
  }
  return readFileOf(name, path, files);
}

/**
 * The revoked kids of both NAME and NAME_FILE: that both are set is a defect, and nevertheless each key that one of them
 * names is revoked.
 */
export async function readRevokedKids(
  reader: SettingsReader,
  name: string,
  files: FilesOfOneMoment,
): Promise<NamedValue> {
  const read = await readSetting(reader, name, files);
  const { value: defect } = read;
  if (!(defect instanceof OidcKeyError) || defect.code !== 'OIDC_KEY_CONFLICT') return read;
  const { value } = await readFileOf(name, reader.get(name + fileSuffix), files);
  const lists = [reader.get(name), value instanceof OidcKeyError ? undefined : value];
  const kids = lists.flatMap((list) => revokedKidsOf(list, name).kids);
  return new NamedValue(name, kids, { defect });
}

/** The path that NAME_FILE names, if it names one. */
export function pathIn(reader: SettingsReader, name: string): string | undefined {
  return pathOf(reader.get(name + fileSuffix));
}

async function readFileOf(name: string, value: unknown, files: FilesOfOneMoment): Promise<NamedValue> {
  const nameOfFile = name + fileSuffix;
  const path = pathOf(value);
  // The value is not repeated: people do put the key itself there.
  if (path === undefined) {
    const noPath = `${nameOfFile} is no path. It names a file; the key itself goes into the name without ${fileSuffix}.`;
    return new NamedValue(nameOfFile, unreadable(noPath));
  }
  try {
    const content = await files.read(path);
    if (!isUnset(content)) return new NamedValue(nameOfFile, content);
    const empty = `The file that ${nameOfFile} names is empty. Fill it, or remove the setting.`;
    return unset(name, { emptiness: unreadable(empty) });
  } catch (error) {
    const unread = unreadable(`The file that ${nameOfFile} names cannot be read ${whyNot(error)}`);
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return isMissing
      ? new NamedValue(nameOfFile, undefined, { absence: unread })
      : new NamedValue(nameOfFile, unread);
  }
}

/** What to say of a file that could not be read: the reason in the words of the file system, and what to do. */
export function whyNot(error: unknown): string {
  const { code = 'unknown error' } = error as NodeJS.ErrnoException;
  const remedies: Readonly<Record<string, string>> = {
    ETIMEDOUT: 'It did not answer in time: check the file system, or who writes to the pipe.',
    EFBIG: 'It holds more than 1 MB, which no key needs.',
    EISDIR: 'It is a folder: name a file in it.',
  };
  return `(${code}). ${remedies[code] ?? 'Check that it exists, and that this process may read it.'}`;
}

function pathOf(value: unknown): string | undefined {
  const path = typeof value === 'string' ? decodeText(value) : undefined;
  return path === undefined || path.includes('-----BEGIN') || path.startsWith('{') ? undefined : path;
}

function unset(name: string, about: NamedValue['about'] = {}): NamedValue {
  return new NamedValue(`${name} (or ${name}${fileSuffix})`, undefined, about);
}

function unreadable(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_UNREADABLE_FILE', message);
}
