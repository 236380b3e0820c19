import { decodeText } from '../core/reading/text.js';
import { workplaceFor as workplaceOf } from '../rotate/workplace.js';
import type { CommandOptions } from '../rotate/workplace.js';
import { settingText } from '../sources/setting-text.js';
import { storeSetting } from '../sources/setting-names.js';
import type { Workplace } from '../stores/run-command.js';
import { StandardStreams } from '../stores/standard-streams.js';
import { UsageError } from './command-line-error.js';
import { readEnvironment } from './environment.js';
import type { StoreOptions } from './store.options.js';

type GivenOptions = StoreOptions & { readonly bits?: number; readonly to?: string; readonly dryRun?: true };

/** What a command is run on, as the command line and the environment say it. */
export async function workplaceFor(
  reference: string | undefined,
  { bits, to, ...options }: GivenOptions,
): Promise<Workplace> {
  const settings = await readEnvironment();
  const { prefix, maxAge, retention, spread, clockSkew, dryRun } = options;
  const named =
    reference === undefined ? await settingText(settings, prefix + storeSetting) : decodeText(reference);
  const isStreams = named === '-';
  const store = isStreams ? standardStreams() : reference;
  const given: CommandOptions = { store, settings, prefix, maxAge, retention, spread, clockSkew, dryRun };
  const place = await workplaceOf(given, {
    bits,
    to: decodeText(to),
    where: isStreams ? 'Standard input' : undefined,
  });
  for (const warning of place.warnings) process.stderr.write(`warning: ${warning}\n`);
  return place;
}

function standardStreams(): StandardStreams {
  if (process.stdin.isTTY) {
    throw new UsageError(
      'TERMINAL_AS_INPUT',
      'Standard input is a terminal, and "-" reads the key set from there. Pipe it in.',
    );
  }
  return new StandardStreams(process.stdin);
}
