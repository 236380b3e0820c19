// The program for the keys in the database.
import { readFile } from 'node:fs/promises';
import { ConfigModule } from '@nestjs/config';
import { KeyStoreError } from 'nestjs-oidc-key/stores';
import { init, revoke, rotate, status } from 'nestjs-oidc-key/rotate';
import type { CommandOptions, CommandResult } from 'nestjs-oidc-key/rotate';
import { closeDatabase, openDatabase } from '../database/open-database.js';
import { databaseKeysSchema } from '../settings.js';
import { DatabaseKeyStore } from './database-key.store.js';

// What the command line of nestjs-oidc-key does for the stores that it knows, for the keys in this database.

const USAGE = `Usage: node sample-app/dist/src/keys/main.js COMMAND
  init [FILE]    make the first key, or take over the one of a file
  rotate [DAYS]  add the key that signs next; with DAYS, where the newest is as old as that
  revoke KID     make a key worthless at once
  status         print the keys and their lives as JSON
`;

const ONE_DAY = 24 * 3600;

type Command = (options: CommandOptions, argument: string) => Promise<string>;

const commands: Readonly<Record<string, Command>> = {
  init: async (options, file) =>
    textOf(await init({ ...options, from: file === '' ? undefined : await readFile(file, 'utf8') })),
  rotate: async (options, days) =>
    textOf(await rotate({ ...options, every: days === '' ? undefined : Number(days) * ONE_DAY })),
  revoke: async (options, kid) => textOf(await revoke({ ...options, kid })),
  status: async (options) => JSON.stringify(await status(options), null, 2),
};

function textOf({ outcome, sentences }: CommandResult): string {
  return [
    outcome === 'written' ? 'The key set was written.' : 'Nothing was due, and nothing was written.',
    ...sentences,
  ].join('\n');
}

async function run(command: Command, argument: string): Promise<void> {
  // This puts what .env says into the environment, where the commands look for the passphrase and the times.
  await ConfigModule.forRoot({ validationSchema: databaseKeysSchema });
  const database = await openDatabase(process.env['DATA_DIR'] ?? '');
  try {
    process.stdout.write(`${await command({ store: new DatabaseKeyStore(database) }, argument)}\n`);
  } finally {
    await closeDatabase(database);
  }
}

/** As the command line of nestjs-oidc-key says it: a code that stays, and what to do. */
function messageOf(error: unknown): string {
  const { code, message = 'The command failed' } = error as { code?: string; message?: string };
  return code === undefined ? message : `${code}: ${message}`;
}

/** What stands behind the name of each command. */
const argumentOf: Readonly<Record<string, RegExp>> = {
  init: /^/,
  rotate: /^\d*$/,
  revoke: /./,
  status: /^$/,
};

const [name = '', argument = '', ...others] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;

if (command && others.length === 0 && argumentOf[name]?.test(argument)) {
  try {
    await run(command, argument);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = error instanceof KeyStoreError ? 3 : 1;
  }
} else {
  process.stderr.write(USAGE);
  process.exitCode = 2;
}
