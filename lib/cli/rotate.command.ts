import { Command, Option } from 'commander';

import { algorithmNamed, signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import type { CommandContext } from '../core/key-set/add-key.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { rotate as addNext } from '../core/key-set/rotate.js';
import { CommandLineError } from './command-line-error.js';
import { bitsFrom } from './make-pair.js';
import { runAndReport } from './report.js';
import { describedStore, periodFrom, withStoreOptions } from './store.options.js';
import type { StoreOptions } from './store.options.js';
import { workplaceFor } from './workplace.js';

interface RotateOptions extends StoreOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly bits?: number;
  readonly every?: number;
  readonly dryRun?: true;
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
    .option('--every <time>', 'do nothing before the newest key is as old as this, such as 90d', periodFrom)
    .option('--dry-run', 'say what would be, and write nothing');
  return withStoreOptions(command).action(rotate);
}

async function rotate(reference: string | undefined, options: RotateOptions): Promise<void> {
  const { algorithm, every, json } = options;
  const place = await workplaceFor(reference, options);
  await runAndReport(
    place,
    (set, context) => addNext(set, set ? makingHere(set, context) : context, { algorithm, every }),
    { json },
  );
}

/** A key that follows one in a KMS or HSM is made there; one that is made here would be less safe, without a word. */
function makingHere(set: KeySet, context: CommandContext): CommandContext {
  return {
    ...context,
    make: (alg) => {
      const newest = set.unrevokedOf(algorithmNamed(alg)!).at(-1);
      if (newest?.signer === undefined) return context.make(alg);
      throw new CommandLineError(
        'SIGNER_ELSEWHERE',
        `${alg} key ${newest.kid} is held elsewhere, and this command cannot make its successor there.`,
      );
    },
  };
}
