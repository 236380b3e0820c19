import { Command } from 'commander';

import { retireIn } from '../stores/commands.js';
import { storeAndKid } from './named-key.js';
import { report } from './report.js';
import { describedStore, withStoreOptions } from './store.options.js';
import type { StoreOptions } from './store.options.js';
import { workplaceFor } from './workplace.js';

export function retireCommand(): Command {
  const command = new Command('retire')
    .description(
      'Give up an algorithm: its only key signs no more, and is published until its last token has expired.',
    )
    .usage('[options] [store] <kid>')
    .argument('<store and kid...>', `the store: ${describedStore}; the kid or the JWK thumbprint of the key`);
  return withStoreOptions(command).action(retire);
}

async function retire(given: readonly string[], options: StoreOptions): Promise<void> {
  const { reference, kid } = storeAndKid(given);
  const place = await workplaceFor(reference, options);
  report(place, await retireIn(place, kid), options);
}
