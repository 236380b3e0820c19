import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { KeyStore } from '../../../lib/stores/key-store.js';
import type { Database } from '../../../sample-app/src/database/database.js';
import { builtSample } from '../built-sample.js';
import type { StoreUnderTest } from './store-under-test.js';

/** The store that the sample has of its own. Its reference is one of tests alone, whose programs make the object of it. */
export const ownUnderTest: StoreUnderTest = {
  kind: 'own',
  against: "the sample's database",
  compares: true,
  isInstalled: true,
  start: async () => {
    const { openDatabase } =
      await builtSample<typeof import('../../../sample-app/src/database/open-database.js')>(
        'database/open-database.js',
      );
    const { DatabaseKeyStore } = await builtSample<
      typeof import('../../../sample-app/src/keys/database-key.store.js')
    >('keys/database-key.store.js');
    const storeOf = (database: Promise<Database>): KeyStore => {
      const store = database.then((each) => new DatabaseKeyStore(each));
      return {
        read: async () => (await store).read(),
        write: async (text, expected) => (await store).write(text, expected),
      };
    };
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-own-store-'));
    const opened: Promise<Database>[] = [];
    const open = (path: string) => {
      const database = openDatabase(path);
      opened.push(database);
      return database;
    };
    let places = 0;
    return {
      place: async () => {
        const path = join(folder, String(++places));
        const { $client: console } = await open(path);
        return {
          reference: `own:${path}`,
          environment: {},
          open: () => storeOf(open(path)),
          put: async (text) => {
            await console.execute({
              sql:
                "INSERT INTO key_set (id, text, version) VALUES (1, ?, 'by hand') " +
                'ON CONFLICT DO UPDATE SET text = excluded.text, version = hex(randomblob(16))',
              args: [text],
            });
          },
          content: async () =>
            (await console.execute('SELECT text FROM key_set')).rows[0]?.['text'] as string,
        };
      },
      stop: async () => {
        for (const each of opened) (await each).$client.close();
        await rm(folder, { recursive: true });
      },
    };
  },
};
