import { clockRefusal } from '../../stores/clock-refusal.js';
import { statusIn } from '../../stores/commands.js';
import type { Workplace } from '../../stores/run-command.js';
import type { Finding } from '../finding.js';
import { found } from './kinds-of-environment.js';

const year = 365 * 24 * 3600;

/** Whether the commands would write to the store, and how old its keys are. A KMS keeps its keys by itself. */
export async function storeFindings(place: Workplace): Promise<Finding[]> {
  if (place.store.kms) return [];
  const { where } = place.decryption;
  const stored = await place.store.read();
  const { view } = await statusIn(place);
  const refusal = clockRefusal(stored, view.now, place);
  return [
    ...(refusal?.type === 'refused' ? [found('STORE_CLOCK_DIFFERS', where, refusal.sentence)] : []),
    ...view.keys.filter(({ signs }) => signs).flatMap(({ key }) => ageOf(key, view.now, where)),
  ];
}

function ageOf(
  { alg, kid, iat }: { readonly alg: string; readonly kid: string; readonly iat?: number | undefined },
  t: number,
  where: string,
): Finding[] {
  if (iat === undefined || t - iat <= year) return [];
  const made = new Date(iat * 1000).toISOString().slice(0, 10);
  return [found('KEY_OLDER_THAN_A_YEAR', where, `${alg} key ${kid}, which signs, was made on ${made}.`)];
}
