#!/usr/bin/env node
import { createRequire } from 'node:module';

import { Command, CommanderError } from 'commander';

import { OidcKeyError } from '../core/errors.js';
import { generateCommand } from './generate.command.js';
import { inspectCommand } from './inspect.command.js';
import { CommandLineError } from './command-line-error.js';

const exitCodes = { refused: 1, usage: 2 } as const;

const { version } = createRequire(import.meta.url)('nestjs-oidc-key/package.json') as { version: string };

const program = new Command('nestjs-oidc-key')
  .description('Makes and inspects the keys of an OpenID Connect issuer.')
  .version(version)
  .addHelpText('after', '\nExit codes: 0 done, 1 the key or file was refused, 2 wrong usage.')
  .addCommand(generateCommand())
  .addCommand(inspectCommand());

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
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written its message already; it exits with 0 for --help and --version.
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else if (error instanceof OidcKeyError || error instanceof CommandLineError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = error.code === 'KEY_IN_ARGUMENTS' ? exitCodes.usage : exitCodes.refused;
  } else {
    throw error;
  }
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
    throw new CommandLineError(
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
