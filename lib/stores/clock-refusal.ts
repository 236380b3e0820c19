import type { Figures } from '../core/key-set/figures.js';
import { utc } from '../core/key-set/instants.js';
import { refused } from '../core/key-set/outcome.js';
import type { Outcome } from '../core/key-set/outcome.js';
import type { StoredText } from './key-store.js';

// The header has whole seconds, and the answer took its time.
const inexactness = 2;

/** Why nothing may be written by this clock: every instant that it writes would be wrong for the servers. */
export function clockRefusal(
  found: StoredText | undefined,
  t: number,
  { figures, decryption }: { readonly figures: Figures; readonly decryption: { readonly where: string } },
): Outcome | undefined {
  const date = found?.date;
  if (date === undefined || Math.abs(date - t) <= figures.clockSkew + inexactness) return undefined;
  const seconds = Math.round(Math.abs(date - t));
  return refused(
    'CLOCK_DIFFERS',
    `The clock of this machine shows ${utc(t)}, and that of ${decryption.where} ${utc(Math.round(date))}: ${seconds} s apart, ` +
      `where ${figures.clockSkew} are allowed for. Set the clock of this machine, or run the command on another.`,
  );
}
