#!/usr/bin/env node
import { createRequire } from 'node:module';

import { Command, CommanderError } from 'commander';

import { OidcKeyError } from '../core/errors.js';
import { CommandRefusedError } from '../stores/command-refused-error.js';
import { KeyStoreError } from '../stores/key-store.js';
import { StoreReferenceError } from '../stores/store-reference-error.js';
import { CommandLineError, UsageError } from './command-line-error.js';
import { doctorCommand } from './doctor.command.js';
import { generateCommand } from './generate.command.js';
import { initCommand } from './init.command.js';
import { inspectCommand } from './inspect.command.js';
import { withKidLast } from './named-key.js';
import { printable } from './report.js';
import { retireCommand } from './retire.command.js';
import { revokeCommand } from './revoke.command.js';
import { rotateCommand } from './rotate.command.js';
import { statusCommand } from './status.command.js';

const exitCodes = { refused: 1, usage: 2, unreachable: 3 } as const;

const { version } = createRequire(import.meta.url)('nestjs-oidc-key/package.json') as { version: string };

const program = new Command('nestjs-oidc-key')
  .description('Makes, inspects and rotates the keys of an OpenID Connect issuer.')
  .version(version)
  .addHelpText(
    'after',
    '\nExit codes: 0 done, or nothing was due; 1 refused; 2 wrong usage; 3 the store cannot be read or written.',
  )
  .addCommand(generateCommand())
  .addCommand(inspectCommand())
  .addCommand(initCommand())
  .addCommand(rotateCommand())
  .addCommand(revokeCommand())
  .addCommand(retireCommand())
  .addCommand(statusCommand())
  .addCommand(doctorCommand());

process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // Nobody reads what is written, or there is no room for it.
  process.stderr.write(`OUTPUT_NOT_WRITTEN: standard output cannot be written (${code}).\n`);
  process.exit(exitCodes.refused);
});

const given = process.argv.slice(2);

// Subcommands that are added ready-made don't inherit this.
for (const command of [program, ...program.commands]) {
  command
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({ outputError: (message, write) => write(withoutValues(message)) });
}

try {
  refuseKeyInArguments(given);
  await program.parseAsync(withKidLast(given), { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written its message already; it exits with 0 for --help and --version.
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else if (isForPeople(error)) {
    process.stderr.write(`${error.code}: ${printable(error.message)}\n`);
    process.exitCode = exitCodeOf(error);
  } else {
    throw error;
  }
}

function isForPeople(error: unknown): error is Error & { readonly code: string } {
  return [OidcKeyError, CommandLineError, CommandRefusedError, KeyStoreError, StoreReferenceError].some(
    (kind) => error instanceof kind,
  );
}

function exitCodeOf(error: Error): number {
  if (error instanceof KeyStoreError) return exitCodes.unreachable;
  const isUsage = error instanceof UsageError || error instanceof StoreReferenceError;
  return isUsage ? exitCodes.usage : exitCodes.refused;
}

/** Commander quotes what it refuses, which may be a key or a passphrase: nothing but a plain word is repeated. */
function withoutValues(message: string): string {
  const parts = given.flatMap((argument) => [argument, argument.slice(argument.indexOf('=') + 1)]);
  return parts
    .filter((part) => !/^-{0,2}[a-z][a-z-]{0,19}$/.test(part))
    .reduce((text, part) => text.replaceAll(`'${part}'`, "'...'"), message);
}

function refuseKeyInArguments(values: readonly string[]): void {
  const longestPath = 4096;
  if (
    values.some(
      (value) => /-----BEGIN|^\s*\{/.test(value) || value.length > longestPath || isBase64Key(value),
    )
  ) {
    throw new UsageError(
      'KEY_IN_ARGUMENTS',
      'An argument looks like a key, and other users of this machine can see it. Give the file that holds it, or "-".',
    );
  }
}

function isBase64Key(value: string): boolean {
  if (!/^[\w+/-]+=*$/.test(value)) return false;
  const shortestKey = 60;
  const longestWord = 255;
  const bytes = Buffer.from(value, 'base64');
  const beginsLikeKey = bytes[0] === 0x30 || /^(-----BEGIN|\s*\{)/.test(bytes.toString('latin1'));
  return value.length > longestWord || (value.length >= shortestKey && beginsLikeKey);
}
