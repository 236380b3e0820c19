import type { Observable } from 'rxjs';
import { debounceTime } from 'rxjs';

import { readKeySettings, readNextActivatesAt, readRevokedKids, settingFiles } from './settings.js';
import type { SettingsReader } from './settings.js';
import type { ReadingSource } from '../rotation/reading.js';
import { ConsistentFiles } from './consistent-files.js';
import { watchFiles } from './watch-files.js';

/** ConfigService, as far as a source needs it. */
export interface WatchableSettings extends SettingsReader {
  /** Fires for every `set()`. */
  readonly changes$?: Observable<unknown>;
}

// An application that sets several values wants one reload.
const quiet = 100;

/** The settings under a prefix, and the files that they name. */
export function configSource(settings: WatchableSettings, prefix: string): ReadingSource {
  return {
    read: async () => {
      const files = new ConsistentFiles();
      return {
        revokedKids: () => readRevokedKids(settings, prefix, files),
        keys: () => ({
          ...readKeySettings(settings, prefix, files),
          nextActivatesAt: readNextActivatesAt(settings, prefix, files),
        }),
      };
    },
    watch: (changed) => {
      let unwatch = watchFiles(settingFiles(settings, prefix), changed);
      const subscription = settings.changes$?.pipe(debounceTime(quiet)).subscribe(() => {
        unwatch();
        unwatch = watchFiles(settingFiles(settings, prefix), changed);
        changed();
      });
      return () => {
        unwatch();
        subscription?.unsubscribe();
      };
    },
  };
}
