// Opens the database before anybody asks it, and closes it last.
import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Settings } from '../settings.js';
import { DATABASE, type Database } from './database.js';
import { ExpiredRows } from './expired-rows.js';
import { closeDatabase, openDatabase } from './open-database.js';

@Global()
@Module({
  // Opened and migrated by the factory, so that whoever is handed the database can use it at once.
  providers: [
    {
      provide: DATABASE,
      inject: [ConfigService],
      useFactory: (config: ConfigService<Settings, true>) =>
        openDatabase(config.get('DATA_DIR', { infer: true })),
    },
    ExpiredRows,
  ],
  exports: [DATABASE],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(DATABASE) private readonly database: Database) {}

  // Nest calls this after the HTTP server has answered its last request.
  async onApplicationShutdown(): Promise<void> {
    await closeDatabase(this.database);
  }
}
