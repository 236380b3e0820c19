import { Command, Option } from 'commander';

import { signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { rotateIn } from '../stores/commands.js';
import { bitsFrom } from './bits.option.js';
import { report } from './report.js';
import { describedStore, periodFrom, withStoreOptions } from './store.options.js';
import type { StoreOptions } from './store.options.js';
import { workplaceFor } from './workplace.js';

interface RotateOptions extends StoreOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly bits?: number;
  readonly to?: string;
  readonly every?: number;
  readonly dryRun?: true;
  readonly prune?: true;
}

export function rotateCommand(): Command {
  const command = new Command('rotate')
    .description('Add the key that signs next: it is published now, and signs when relying parties know it.')
    .argument('[store]', describedStore)
    .addOption(
      new Option('--algorithm <name>', 'which algorithm; a further one too (default: all there are)').choices(
        signingAlgorithms,
      ),
    )
    .option('--bits <number>', 'size of an RSA modulus (default: that of the key before)', bitsFrom)
    .option(
      '--to <reference>',
      'make it in this KMS or HSM, or in the "store" (default: where the key before is)',
    )
    .option('--every <time>', 'do nothing before the newest key is as old as this, such as 90d', periodFrom)
    .option('--dry-run', 'say what would be, and write nothing')
    .option(
      '--prune',
      'destroy the older versions that the store keeps, and the private halves in them, for good',
    );
  return withStoreOptions(command).action(rotate);
}

async function rotate(reference: string | undefined, options: RotateOptions): Promise<void> {
  const { algorithm, every, prune } = options;
  const place = await workplaceFor(reference, options);
  report(place, await rotateIn(place, { algorithm, every, prune }), options);
}
