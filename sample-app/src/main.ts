// Starts the server, and says in one sentence why it did not start.
import { LibsqlError } from '@libsql/client/sqlite3';
import { Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { createApp } from './create-app.js';
import { DataFolderError } from './database/data-folder-error.js';
import { withoutQueryParameters } from './http/without-query-parameters.js';
import type { Settings } from './settings.js';

try {
  const app = await createApp();
  const config = app.get<ConfigService<Settings, true>>(ConfigService);
  await app.listen(config.get('PORT', { infer: true }), config.get('HOST', { infer: true }));
  new Logger('Sample').log(`Listening on ${await app.getUrl()}`);
} catch (error) {
  const failure = withoutQueryParameters(error);
  // The disk may also turn out to be full when the first rows are written.
  const cause = failure instanceof LibsqlError ? new DataFolderError(failure) : failure;
  // The message alone: it says what to do, and a stack trace would bury it.
  process.stderr.write(
    `The server did not start. ${cause instanceof Error ? cause.message : String(cause)}\n`,
  );
  process.exit(1);
}
