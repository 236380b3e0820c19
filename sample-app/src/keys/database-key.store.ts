// A store of one's own: the key set in a row of the database.
import { randomUUID } from 'node:crypto';
import type { ResultSet } from '@libsql/client/sqlite3';
import type { KeyStore, StoredText } from 'nestjs-oidc-key';
import { KeyStoreError } from 'nestjs-oidc-key/stores';
import type { Database } from '../database/database.js';

const SELECT = 'SELECT text, version FROM key_set WHERE id = 1';
const INSERT = 'INSERT INTO key_set (id, text, version) VALUES (1, ?, ?) ON CONFLICT DO NOTHING';
const UPDATE = 'UPDATE key_set SET text = ?, version = ? WHERE id = 1 AND version = ?';

/** The key set of this issuer, in one row of its database. Encrypted, so that a backup of it is no copy of the keys. */
export class DatabaseKeyStore implements KeyStore {
  constructor(private readonly database: Database) {}

  async read(): Promise<StoredText | undefined> {
    const [row] = (await this.execute('read', SELECT, [])).rows;
    return row && { text: row['text'] as string, version: row['version'] as string };
  }

  /** One statement compares and writes: of several who do it at once, one changes a row. */
  async write(text: string, expected: string | undefined): Promise<boolean> {
    // A number that is counted up would come back with a backup, and name two texts.
    const version = randomUUID();
    const { rowsAffected } =
      expected === undefined
        ? await this.execute('written', INSERT, [text, version])
        : await this.execute('written', UPDATE, [text, version, expected]);
    return rowsAffected === 1;
  }

  private async execute(what: 'read' | 'written', sql: string, args: string[]): Promise<ResultSet> {
    try {
      return await this.database.$client.execute({ sql, args });
    } catch (error) {
      throw refusalOf(error, what);
    }
  }
}

/** What a database throws may quote a statement with its values, and so the key set: its code is enough. */
function refusalOf(error: unknown, what: 'read' | 'written'): KeyStoreError {
  const { code = 'unknown' } = error as { code?: string };
  return new KeyStoreError(
    what === 'read' ? 'KEY_STORE_NOT_READ' : 'KEY_STORE_NOT_WRITTEN',
    `The table key_set of the database cannot be ${what} (${code}). ` +
      'Check the file in DATA_DIR, its disk, and who else has it open.',
    // Somebody else writes for longer than this process waits.
    { isTransient: code.startsWith('SQLITE_BUSY') },
  );
}
