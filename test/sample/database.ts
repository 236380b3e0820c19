import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createClient } from '@libsql/client/sqlite3';
import type { InArgs } from '@libsql/client/sqlite3';

import type { Sample } from './sample-server.js';

function open({ folder }: Sample) {
  return createClient({ url: pathToFileURL(join(folder, 'sample.sqlite')).href, timeout: 5000 });
}

/** Changes the server's database under it: for time that passes, and for clients that the seed does not have. */
export async function execute(sample: Sample, sql: string, args: InArgs): Promise<void> {
  const client = open(sample);
  try {
    const { rowsAffected } = await client.execute({ sql, args });
    if (rowsAffected === 0) throw new Error(`Nothing was changed by ${sql}`);
  } finally {
    client.close();
  }
}

/** Lets servers read the database but not write to it, until the returned function is called. */
export async function holdWrites(sample: Sample): Promise<() => Promise<void>> {
  const client = open(sample);
  const transaction = await client.transaction('write');
  return async () => {
    await transaction.rollback();
    client.close();
  };
}
