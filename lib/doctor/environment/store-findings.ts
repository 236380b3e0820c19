import { clockRefusal } from '../../stores/clock-refusal.js';
import { statusIn } from '../../stores/commands.js';
import type { Workplace } from '../../stores/run-command.js';
import type { Finding } from '../finding.js';

const year = 365 * 24 * 3600;

/** Whether the commands would write to the store, and how old its keys are. A KMS keeps its keys by itself. */
export async function storeFindings(place: Workplace): Promise<Finding[]> {
  if (place.store.kms) return [];
  const found = await place.store.read();
  const { view } = await statusIn(place);
  const refusal = clockRefusal(found, view.now, place);
  const { where } = place.decryption;
  const clock: Finding[] =
    refusal?.type === 'refused'
      ? [
          {
            severity: 'error',
            code: refusal.code,
            where,
            message: refusal.sentence,
            remedy: 'Until the clocks agree, the commands write nothing.',
            rule: 'nestjs-oidc-key, docs/rotate.md',
          },
        ]
      : [];
  return [
    ...clock,
    ...view.keys.filter(({ signs }) => signs).flatMap(({ key }) => ageOf(key, view.now, where)),
  ];
}

function ageOf(
  { alg, kid, iat }: { readonly alg: string; readonly kid: string; readonly iat?: number | undefined },
  t: number,
  where: string,
): Finding[] {
  if (iat === undefined || t - iat <= year) return [];
  return [
    {
      severity: 'warning',
      code: 'KEY_OLDER_THAN_A_YEAR',
      where,
      message: `${alg} key ${kid}, which signs, was made on ${new Date(iat * 1000).toISOString().slice(0, 10)}.`,
      remedy: `Run \`npx nestjs-oidc-key rotate --algorithm ${alg}\`, and from then on \`rotate --every\` on a schedule.`,
      rule: 'NIST SP 800-57 Part 1 section 5.3.6: one to three years for a private signature key',
    },
  ];
}
