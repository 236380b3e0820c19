import { settingsFromOptions } from '../core/reading/key-settings.js';
import type { KeyOptions } from '../core/reading/key-settings.js';
import { checkedInstant, checkedKids } from '../rotation/reading.js';
import type { ReadingSource } from '../rotation/reading.js';

/** Keys that were given as values: they never change by themselves, but a schedule may be among them. */
export function optionSource(
  options: KeyOptions & { revokedKids?: string[] | undefined; nextActivatesAt?: Date | undefined },
): ReadingSource {
  return {
    read: async () => ({
      revokedKids: () => checkedKids(options.revokedKids ?? [], 'The option "revokedKids"'),
      keys: () => ({
        ...settingsFromOptions(options),
        nextActivatesAt: checkedInstant(options.nextActivatesAt, 'The option "nextActivatesAt"'),
      }),
    }),
  };
}
