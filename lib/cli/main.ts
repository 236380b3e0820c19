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

// Subcommands that are added ready-made don't inherit this.
for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError();

try {
  refuseKeyInArguments(process.argv.slice(2));
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

/** Whatever is wrong with an argument is said with the argument, so that a key must not be one. */
function refuseKeyInArguments(values: readonly string[]): void {
  const longestPath = 4096;
  if (
    values.some(
      (value) => /-----BEGIN|^\s*\{/.test(value) || value.length > longestPath || isBareBase64(value),
    )
  ) {
    throw new CommandLineError(
      'KEY_IN_ARGUMENTS',
      'An argument looks like a key, and other users of this machine can see it. Give the file that holds it, or "-".',
    );
  }
}

function isBareBase64(value: string): boolean {
  return value.length > 255 && /^[\w+/-]+=*$/.test(value);
}
