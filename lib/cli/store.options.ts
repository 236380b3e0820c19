import { Command, InvalidArgumentError, Option } from 'commander';

import { defaultEnvPrefix, storeSetting } from '../sources/setting-names.js';
import { prefixOption } from './prefix.option.js';

/** What every command on a store is given. */
export interface StoreOptions {
  readonly prefix: string;
  readonly maxAge?: number;
  readonly retention?: number;
  readonly spread?: number;
  readonly clockSkew?: number;
  readonly json?: true;
}

export const describedStore = `file:PATH, vault:MOUNT/PATH or another one of docs/stores.md, or "-" for standard input and output (default: the setting ${defaultEnvPrefix}${storeSetting})`;

export function withStoreOptions(command: Command): Command {
  const timing: [string, string][] = [
    ['--max-age', 'how long relying parties may cache the JWKS'],
    ['--retention', 'how long a key stays published after it stopped signing'],
    ['--spread', 'the longest time until the last replica has taken over a change'],
    ['--clock-skew', 'how far clocks may differ'],
  ];
  for (const [name, meaning] of timing) {
    command.addOption(
      new Option(`${name} <time>`, `${meaning}: seconds, or 90d, 12h, 30m`).argParser(durationFrom),
    );
  }
  return command
    .addOption(prefixOption())
    .option('--json', 'say it as one JSON object')
    .addHelpText(
      'after',
      '\nTimes that are not given come from the settings (OIDC_JWKS_MAX_AGE, OIDC_KEY_RETENTION, OIDC_KEY_SPREAD,\n' +
        'OIDC_CLOCK_SKEW) in the environment and the file .env, else from the defaults. None must be below what the\n' +
        'servers have. With OIDC_PRIVATE_KEY_PASSPHRASE the key set is written encrypted.\n' +
        'With "-", standard output is the key set and nothing else, and what is said goes to standard error.',
    );
}

const units: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };
const longest = 10 * 365 * 86_400;

/** Seconds, or a number with its unit. */
export function durationFrom(value: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})([smhdw]?)$/.exec(value) ?? [];
  const seconds = Number(digits) * units[unit]!;
  if (digits !== '' && seconds <= longest) return seconds;
  throw new InvalidArgumentError(
    'It has to be a number of seconds, or a number with s, m, h, d or w, of 10 years at most.',
  );
}

export function periodFrom(value: string): number {
  const seconds = durationFrom(value);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('It has to be longer than nothing.');
}
