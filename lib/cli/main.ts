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

// Subcommands that are added ready-made don't inherit this.
for (const command of [program, ...program.commands]) command.exitOverride().showHelpAfterError();

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has written its message already; it exits with 0 for --help and --version.
    process.exitCode = error.exitCode === 0 ? 0 : exitCodes.usage;
  } else if (error instanceof OidcKeyError || error instanceof CommandLineError) {
    process.stderr.write(`${error.code}: ${error.message}\n`);
    process.exitCode = exitCodes.refused;
  } else {
    throw error;
  }
}
