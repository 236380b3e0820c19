import { Command } from 'commander';

import { statusJson } from '../core/key-set/status-json.js';
import { statusText } from '../core/key-set/status-text.js';
import { commandTiming } from '../stores/command-result.js';
import { statusIn } from '../stores/commands.js';
import { printable, timingText } from './report.js';
import { describedStore, withStoreOptions } from './store.options.js';
import type { StoreOptions } from './store.options.js';
import { workplaceFor } from './workplace.js';

interface StatusOptions extends StoreOptions {
  readonly ascii?: true;
}

export function statusCommand(): Command {
  const command = new Command('status')
    .description('Show the keys of a store, their lives, and what is safe to do now; it writes nothing.')
    .argument('[store]', describedStore)
    .option('--ascii', 'draw with characters that every terminal has');
  return withStoreOptions(command).action(status);
}

const usualWidth = 80;

async function status(reference: string | undefined, options: StatusOptions): Promise<void> {
  const place = await workplaceFor(reference, options);
  const { view, advice } = await statusIn(place);
  const timing = commandTiming(place.figures);
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...statusJson(view, advice), timing }, null, 2)}\n`);
    return;
  }
  const text = statusText(view, advice, {
    width: process.stdout.columns ?? usualWidth,
    ascii: options.ascii ?? !hasUnicode(process.env),
    rotatesItself: place.store.kms !== undefined,
  });
  const lines = `${text}${timingText(timing)}`.split('\n').map(printable);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Whether the locale says that the terminal has more than ASCII. Where none is set, nobody said that it has not. */
function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}
