import { chmod } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createClient } from '@libsql/client/sqlite3';
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { drizzle } from 'drizzle-orm/libsql/sqlite3';
import { migrate } from 'drizzle-orm/libsql/migrator';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import { migrationsFolder } from '../locations.js';
import type { Settings } from '../settings.js';
import { DataFolderError } from './data-folder-error.js';
import { makeDataFolder } from './data-folder.js';
import { DATABASE, type Database } from './database.js';
import { ExpiredRows } from './expired-rows.js';

async function databaseOf(config: ConfigService<Settings, true>): Promise<Database> {
  try {
    return await openDatabase(resolve(config.get('DATA_DIR', { infer: true })));
  } catch (error) {
    throw new DataFolderError(withoutQueryParameters(error));
  }
}

async function openDatabase(folder: string): Promise<Database> {
  const file = resolve(folder, 'sample.sqlite');
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

@Global()
@Module({
  // Opened and migrated by the factory, so that whoever is handed the database can use it at once.
  providers: [{ provide: DATABASE, inject: [ConfigService], useFactory: databaseOf }, ExpiredRows],
  exports: [DATABASE],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  // Nest calls this after the HTTP server has answered its last request.
  async onApplicationShutdown(): Promise<void> {
    // Closing alone would leave the latest changes in the -wal file, where a copy of the main file misses them.
    await this.database.$client.execute('PRAGMA wal_checkpoint(TRUNCATE)');
    this.database.$client.close();
  }
}
