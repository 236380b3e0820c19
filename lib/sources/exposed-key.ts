import { isUint8Array } from 'node:util/types';

import { labelOfDer } from '../core/reading/der.js';
import type { KeySlots } from '../core/reading/key-slots.js';
import { NamedValue } from '../core/reading/named-value.js';
import type { FilesOfOneMoment } from './files/files.js';
import { fileSuffix } from './setting-names.js';
import { pathIn, readSetting } from './settings.js';
import type { SettingsReader } from './settings.js';

/** The members that nobody else may read: previous keys may be private, but need not be. */
export function isPrivate(member: keyof KeySlots): boolean {
  return ['current', 'next', 'passphrase'].includes(member);
}

/** The value of a setting that nobody else may read, as {@link readSetting} gives it, with a warning where others can. */
export async function readPrivateSetting(
  settings: SettingsReader,
  name: string,
  files: FilesOfOneMoment,
): Promise<NamedValue> {
  const read = await readSetting(settings, name, files);
  return withExposure(read, `The file that ${name}${fileSuffix} names`, pathIn(settings, name), files);
}

/** With a warning where a private key, or its passphrase, was read from a file that every user can read. */
export async function withExposure(
  read: NamedValue,
  subject: string,
  path: string | undefined,
  files: FilesOfOneMoment,
): Promise<NamedValue> {
  const { where, value, about } = read;
  // What others can read of an encrypted key opens nothing.
  if (path === undefined || !isUint8Array(value) || isEncrypted(value)) return read;
  const exposed = await files.exposureOf(path);
  if (!exposed) return read;
  const mode = exposed.mode.toString(8).padStart(4, '0');
  const owner = exposed.isOwn
    ? ''
    : ' It belongs to another user than this process: give it to the user of this process first.';
  return new NamedValue(where, value, {
    ...about,
    warning:
      `${subject} (${path}) has mode ${mode}: every user of this machine can read it. ` +
      `Run \`chmod 600 ${quoted(path)}\`.${owner}`,
  });
}

/** Whether every key of it is. Looked at where it is: a copy of a key would lie in memory that others see. */
function isEncrypted({ buffer, byteOffset, byteLength }: Uint8Array): boolean {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  if (labelOfDer(bytes) === 'ENCRYPTED PRIVATE KEY') return true;
  const encrypted = countOf('BEGIN ENCRYPTED PRIVATE KEY', bytes) + countOf('4,ENCRYPTED', bytes);
  // Each label stands before and after its block.
  return encrypted > 0 && encrypted >= countOf('PRIVATE KEY-----', bytes) / 2;
}

function countOf(text: string, bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) count++;
  return count;
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
