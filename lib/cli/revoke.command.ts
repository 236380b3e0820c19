import { Command } from 'commander';

import { revokeIn } from '../stores/commands.js';
import { bitsFrom } from './bits.option.js';
import { storeAndKid } from './named-key.js';
import { report } from './report.js';
import { describedStore, withStoreOptions } from './store.options.js';
import type { StoreOptions } from './store.options.js';
import { workplaceFor } from './workplace.js';

interface RevokeOptions extends StoreOptions {
  readonly bits?: number;
  readonly reason?: string;
  /** False with --no-rotate. */
  readonly rotate: boolean;
}

export function revokeCommand(): Command {
  const command = new Command('revoke')
    .description(
      'Make a key worthless at once, since it was stolen. Where nothing is left to sign, a key is made.',
    )
    .usage('[options] [store] <kid>')
    .argument('<store and kid...>', `the store: ${describedStore}; the kid or the JWK thumbprint of the key`)
    .option('--reason <text>', 'why, for whoever reads the key set')
    .option('--no-rotate', 'make no key where nothing is left to sign')
    .option(
      '--bits <number>',
      'size of an RSA modulus, if a key is made (default: that of the key before)',
      bitsFrom,
    );
  return withStoreOptions(command).action(revoke);
}

async function revoke(given: readonly string[], options: RevokeOptions): Promise<void> {
  const { reference, kid } = storeAndKid(given);
  const { reason, rotate } = options;
  const place = await workplaceFor(reference, options);
  report(place, await revokeIn(place, kid, { reason, noRotate: !rotate }), options);
}
