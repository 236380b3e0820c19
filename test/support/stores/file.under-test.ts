import { mkdtempSync } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { FileStore } from '../../../lib/stores/file/file.store.js';
import type { StoreUnderTest } from './store-under-test.js';

export const fileUnderTest: StoreUnderTest = {
  kind: 'file',
  against: 'real files',
  compares: true,
  isInstalled: true,
  start: async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-file-store-'));
    let places = 0;
    return {
      place: async () => {
        const path = join(folder, `keys-${++places}.json`);
        return {
          reference: `file:${path}`,
          environment: {},
          open: () => new FileStore(path),
          put: (text) => writeFile(path, text, { mode: 0o600 }),
          content: () =>
            readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
              if (error.code === 'ENOENT') return undefined;
              throw error;
            }),
        };
      },
      // A volume that is not mounted for a while.
      outage: {
        begin: () => rename(folder, `${folder}-away`),
        end: () => rename(`${folder}-away`, folder),
      },
      stop: () => rm(folder, { recursive: true }),
    };
  },
};
