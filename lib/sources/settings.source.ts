import type { Observable } from 'rxjs';
import { auditTime } from 'rxjs';

import type { KeySlots } from '../core/reading/key-slots.js';
import { NamedValue } from '../core/reading/named-value.js';
import { isPrivate, readPrivateSetting } from './exposed-key.js';
import { Files } from './files/files.js';
import type { FilesOfOneMoment } from './files/files.js';
import type { KeySource } from './key-source.js';
import { readOfOneMoment } from './one-moment.js';
import { keySettings, namesOfKeySetting } from './setting-names.js';
import { pathIn, readRevokedKids, readSetting } from './settings.js';
import type { SettingsReader } from './settings.js';

/** ConfigService, as far as a source needs it. */
export interface WatchableSettings extends SettingsReader {
  /** Fires for every `set()`. */
  readonly changes$?: Observable<unknown>;
}

// An application that sets several values wants one reload.
const quiet = 100;

const members = Object.keys(keySettings) as (keyof KeySlots)[];

/** The settings under a prefix, and the files that they name. */
export function settingsSource(settings: WatchableSettings, prefix: string, files = new Files()): KeySource {
  const paths = () =>
    members
      .flatMap((member) => namesOfKeySetting(member, prefix))
      .flatMap((name) => (name === undefined ? [] : (pathIn(settings, name) ?? [])));
  return {
    load: () => readOfOneMoment(files, (moment) => slotsIn(settings, prefix, moment)),
    watch: (changed) => {
      let unwatch = files.watch(paths(), changed);
      const subscription = settings.changes$?.pipe(auditTime(quiet)).subscribe(() => {
        unwatch();
        unwatch = files.watch(paths(), changed);
        changed();
      });
      return () => {
        unwatch();
        subscription?.unsubscribe();
      };
    },
  };
}

async function slotsIn(settings: SettingsReader, prefix: string, files: FilesOfOneMoment): Promise<KeySlots> {
  const slots: Partial<Record<keyof KeySlots, NamedValue>> = {};
  for (const member of members) {
    const [own, alias] = namesOfKeySetting(member, prefix);
    const value = await readOf(member, settings, own, files);
    const other = alias === undefined ? undefined : await readOf(member, settings, alias, files);
    slots[member] = member === 'current' ? oneOf(value, other) : needed(value);
  }
  const name = prefix + keySettings.passphrase;
  // `expandVariables` of ConfigModule alters a "$" in a value, and nothing else would say so.
  const remedy = `Set ${name}, or ${name}_FILE if it holds a "$"`;
  const { passphrase, ...others } = slots as Record<keyof KeySlots, NamedValue>;
  const { where, value, about } = passphrase;
  const { warning, emptiness } = about;
  return { ...others, passphrase: new NamedValue(where, value, { remedy, warning, emptiness }) };
}

async function readOf(
  member: keyof KeySlots,
  settings: SettingsReader,
  name: string,
  files: FilesOfOneMoment,
): Promise<NamedValue> {
  if (member === 'revokedKids') return readRevokedKids(settings, name, files);
  return isPrivate(member) ? readPrivateSetting(settings, name, files) : readSetting(settings, name, files);
}

/** A value, or the same one under its other name; where both are set, they have to be the same. */
function oneOf(value: NamedValue, alias: NamedValue | undefined): NamedValue {
  if (!alias || isUnset(alias)) return value;
  if (isUnset(value)) return alias;
  const { warning } = value.about;
  return new NamedValue(value.where, needed(value).value, { alias: needed(alias), warning });
}

function isUnset({ value, about }: NamedValue): boolean {
  return value === undefined && !about.absence;
}

/** A file that a setting names has to be there; the current key alone may be gone because it was revoked. */
function needed(value: NamedValue): NamedValue {
  const { where, about } = value;
  return about.absence ? new NamedValue(where, about.absence) : value;
}
