// Opens the file and brings its tables up to date.
import { chmod } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createClient } from '@libsql/client/sqlite3';
import { drizzle } from 'drizzle-orm/libsql/sqlite3';
import { migrate } from 'drizzle-orm/libsql/migrator';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import { migrationsFolder } from '../locations.js';
import { DataFolderError } from './data-folder-error.js';
import { makeDataFolder } from './data-folder.js';
import type { Database } from './database.js';

/** The database in a folder, which is made when missing, with every table. */
export async function openDatabase(folder: string): Promise<Database> {
  try {
    return await openFile(resolve(folder), 'sample.sqlite');
  } catch (error) {
    throw new DataFolderError(withoutQueryParameters(error));
  }
}

/** Closing alone would leave the latest changes in the -wal file, where a copy of the main file misses them. */
export async function closeDatabase(database: Database): Promise<void> {
  await database.$client.execute('PRAGMA wal_checkpoint(TRUNCATE)');
  database.$client.close();
}

async function openFile(folder: string, name: string): Promise<Database> {
  const file = resolve(folder, name);
  await makeDataFolder(folder);

  // One connection, because the pragmas below hold for one connection only.
  const client = createClient({ url: pathToFileURL(file).href, concurrency: 1, timeout: 5000 });
  await client.execute('PRAGMA journal_mode = WAL');
  // A token that a client holds must be known after a power cut too, so each commit waits for the disk.
  await client.execute('PRAGMA synchronous = FULL');
  await client.execute('PRAGMA foreign_keys = ON');
  await chmod(file, 0o600);

  const database = drizzle(client);
  await migrate(database, { migrationsFolder: fileURLToPath(migrationsFolder) });
  return database;
}
