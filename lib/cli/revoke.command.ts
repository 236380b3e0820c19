import { Command } from 'commander';

import { revoke as makeWorthless } from '../core/key-set/revoke.js';
import { sentencesAboutPlain } from '../core/key-set/rotate.js';
import { afterRevocation } from '../stores/consequences.js';
import { bitsFrom } from './make-pair.js';
import { storeAndKid } from './named-key.js';
import { runAndReport } from './report.js';
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
  const { reason, rotate, json } = options;
  const place = await workplaceFor(reference, options);
  const { figures } = place;
  await runAndReport(
    place,
    (set, context) => makeWorthless(set, kid, context, { reason, noRotate: !rotate }),
    {
      json,
      consequences: (before, after, t) => [
        ...sentencesAboutPlain(before),
        ...afterRevocation({ before, after, name: kid, t, figures }),
      ],
    },
  );
}
