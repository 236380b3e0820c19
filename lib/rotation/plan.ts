import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { SigningKey } from '../core/key/signing-key.js';
import type { Slots } from '../core/ring/slots.js';

/** What configuration says: the slots, and when `next` starts to sign. */
export interface Plan extends Slots {
  /** Milliseconds since 1970. */
  readonly nextActivatesAt?: number | undefined;
}

/** @throws OidcKeyError `OIDC_KEY_AMBIGUOUS_NEXT` where a schedule does not say which key it is for. */
export function checkSchedule({ next, nextActivatesAt }: Plan): void {
  if (nextActivatesAt === undefined) return;
  for (const key of next) {
    const rival = next.find((other) => other !== key && other.algorithm === key.algorithm);
    if (rival) {
      throw new OidcKeyError(
        'OIDC_KEY_AMBIGUOUS_NEXT',
        `${key.where} and ${rival.where} are both next keys for ${key.algorithm}, and only one can start to sign at ` +
          'the scheduled instant. Keep one for each algorithm, or remove the schedule.',
      );
    }
  }
}

export function keyFor<Key extends SigningKey>(
  keys: readonly Key[],
  algorithm: SigningAlgorithm,
): Key | undefined {
  return keys.find((key) => key.algorithm === algorithm);
}

export function noneLeft(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NONE_TO_SIGN',
    'Every key of an algorithm that could sign is revoked. Put a new key into the current or the next keys; ' +
      '`npx nestjs-oidc-key generate` makes one.',
  );
}

/** The plan without the keys that were revoked; a next key stands in for a current one that was. */
export function withoutRevoked(plan: Plan, revoked: ReadonlySet<string>): Plan {
  const isLeft = ({ kid }: { kid: string }) => !revoked.has(kid);
  const next = plan.next.filter(isLeft);
  const current = plan.current.flatMap((key) => (isLeft(key) ? key : (keyFor(next, key.algorithm) ?? [])));
  return {
    ...plan,
    current,
    next: next.filter((key) => !current.includes(key)),
    previous: plan.previous.filter(isLeft),
  };
}
