import { Command } from 'commander';

import { viewOfKeySet } from '../core/key-set/key-set-view.js';
import { adviceFor } from '../core/key-set/safe-now.js';
import { statusJson } from '../core/key-set/status-json.js';
import { statusText } from '../core/key-set/status-text.js';
import { openStored } from '../stores/stored-key-set.js';
import { CommandLineError } from './command-line-error.js';
import { printable, timingJson, timingText } from './report.js';
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
  const { store, decryption, figures } = await workplaceFor(reference, options);
  const found = await store.read();
  const set = found && (await openStored(found.text, decryption));
  if (!set) {
    throw new CommandLineError(
      'KEY_SET_MISSING',
      `${decryption.where}: There are no keys yet. \`npx nestjs-oidc-key init\` makes the first one.`,
    );
  }
  const now = Math.floor(Date.now() / 1000);
  const view = viewOfKeySet({ set, figures }, now);
  const advice = adviceFor(set, now, figures);
  if (options.json) {
    const described = { ...statusJson(view, advice), timing: timingJson(figures) };
    process.stdout.write(`${JSON.stringify(described, null, 2)}\n`);
    return;
  }
  const text = statusText(view, advice, {
    width: process.stdout.columns ?? usualWidth,
    ascii: options.ascii ?? !hasUnicode(process.env),
  });
  const lines = `${text}${timingText(figures)}`.split('\n').map(printable);
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Whether the locale says that the terminal has more than ASCII. Where none is set, nobody said that it has not. */
function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}
