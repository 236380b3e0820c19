// What a repository asks for.
import type { Client } from '@libsql/client/sqlite3';
import type { LibSQLDatabase } from 'drizzle-orm/libsql/driver-core';

export type Database = LibSQLDatabase & { $client: Client };

/** Injection token of the {@link Database}, which is a type and can't be its own. */
export const DATABASE = Symbol('DATABASE');
