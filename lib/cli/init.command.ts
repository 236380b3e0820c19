import { Command, Option } from 'commander';

import { rsaModulus, signingAlgorithms } from '../core/algorithms.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import type { KeySet } from '../core/key-set/key-set.js';
import { Files } from '../sources/files/files.js';
import { whyNot } from '../sources/settings.js';
import { initIn, keysToTakeOver } from '../stores/commands.js';
import { textOfContent } from '../stores/content.js';
import { isReference } from '../stores/store-reference.js';
import { readKeys } from '../stores/stored-key-set.js';
import { CommandLineError, UsageError } from './command-line-error.js';
import { bitsFrom } from './bits.option.js';
import { report } from './report.js';
import { describedStore, withStoreOptions } from './store.options.js';
import type { StoreOptions } from './store.options.js';
import { workplaceFor } from './workplace.js';

interface InitOptions extends StoreOptions {
  readonly algorithm?: SigningAlgorithm;
  readonly bits?: number;
  readonly from?: string;
  readonly to?: string;
}

export function initCommand(): Command {
  const command = new Command('init')
    .description('Put the first key of an issuer into a store where there is none; it never overwrites.')
    .argument('[store]', describedStore)
    .addOption(
      new Option('--algorithm <name>', 'what the key is for (default: RS256)').choices(signingAlgorithms),
    )
    .option('--bits <number>', `size of an RSA modulus (default: ${rsaModulus.minimumBits})`, bitsFrom)
    .option(
      '--from <file or store>',
      'take over the key, or the key set, of this file or store in place of a new one; kids stay',
    );
  command.option('--to <reference>', 'make the key in this KMS or HSM, or import what --from names there');
  return withStoreOptions(command).action(init);
}

async function init(reference: string | undefined, options: InitOptions): Promise<void> {
  const { algorithm, bits, from } = options;
  if (from !== undefined && (algorithm !== undefined || bits !== undefined)) {
    throw new UsageError(
      'OPTIONS_CONFLICT',
      '--from takes over keys as they are: leave out --algorithm and --bits.',
    );
  }
  const place = await workplaceFor(reference, options);
  const given = from === undefined ? undefined : await keysIn(from, place.decryption, options);
  report(place, await initIn(place, { algorithm, from: given }), options);
}

async function keysIn(
  from: string,
  { passphrase, remedy }: { passphrase: unknown; remedy?: string | undefined },
  options: StoreOptions,
): Promise<KeySet> {
  if (isReference(from) && !from.startsWith('file:')) {
    return keysToTakeOver(await workplaceFor(from, options));
  }
  return await readKeys(textOfContent(await contentOf(from)), {
    where: 'The file of --from',
    passphrase,
    remedy,
  });
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    return await new Files().ofOneMoment().read(file.replace(/^file:/, ''));
  } catch (error) {
    // The name is not repeated: people do put the key itself there.
    throw new CommandLineError('FILE_NOT_READ', `The file of --from cannot be read ${whyNot(error)}`);
  }
}
