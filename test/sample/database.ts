import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { createClient } from '@libsql/client/sqlite3';
import type { InArgs } from '@libsql/client/sqlite3';
import { hash } from '@node-rs/argon2';

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

export interface NewClient {
  readonly id: string;
  readonly secret?: string;
  readonly redirectUris?: string[];
  readonly grants: string[];
  readonly scopes?: string[];
  readonly allowedOrigins?: string[];
  readonly isPkceRequired?: boolean;
  readonly postLogoutRedirectUris?: string[];
}

/** Registers a client that the seed does not have. */
export async function register(sample: Sample, { id, secret, grants, ...others }: NewClient): Promise<void> {
  const { redirectUris = ['http://127.0.0.1/callback'], scopes = ['openid', 'api'] } = others;
  const { isPkceRequired = true, postLogoutRedirectUris = [], allowedOrigins = [] } = others;
  const secretHash = secret === undefined ? null : await hash(secret);
  await execute(
    sample,
    `INSERT INTO clients (id, name, secret_hash, is_pkce_required, redirect_uris, allowed_grants, scopes,
        post_logout_redirect_uris, allowed_origins) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      id,
      id,
      secretHash,
      isPkceRequired,
      ...[redirectUris, grants, scopes, postLogoutRedirectUris, allowedOrigins].map((each) =>
        JSON.stringify(each),
      ),
    ],
  );
}

/** Several statements on one connection, which a pragma holds for. */
export async function executeAll(sample: Sample, statements: string[]): Promise<void> {
  const client = open(sample);
  try {
    await client.executeMultiple(statements.join(';\n'));
  } finally {
    client.close();
  }
}

/** Everything that the server has stored, as text: for what must not be among it. */
export async function dump(sample: Sample, table: string): Promise<string> {
  const client = open(sample);
  try {
    return JSON.stringify((await client.execute(`SELECT * FROM ${table}`)).rows);
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
