import { OidcKeyError } from '../core/errors.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { noneLeft } from '../core/ring/check-lives.js';
import { withoutRevoked } from '../core/ring/life.js';
import type { IsRevoked, Lives } from '../core/ring/life.js';
import type { KnownKeys } from './known-keys.js';

/** Why a process cannot take over what was loaded, though it is sound by itself; undefined where it can. */
export function refusalOf(loaded: Lives, known: KnownKeys, isRevoked: IsRevoked): OidcKeyError | undefined {
  const published = known.all().map(({ key }) => key);
  const left = withoutRevoked(loaded, isRevoked);
  return (
    reusedKidIn(loaded, published) ?? (left.some(({ slot }) => slot === 'current') ? undefined : noneLeft())
  );
}

/** The error about a key under a kid that another one has; undefined where there is none. */
export function reusedKidIn(
  { lives, keySet }: Pick<Lives, 'lives' | 'keySet'>,
  published: readonly VerificationKey[],
): OidcKeyError | undefined {
  const byKid = new Map(published.map((key) => [key.kid, key]));
  const ofSet = keySet?.keys.flatMap(({ verificationKey }) => verificationKey ?? []) ?? [];
  for (const key of [...lives.map((life) => life.key), ...ofSet]) {
    const before = byKid.get(key.kid);
    if (before && before.publicJson !== key.publicJson) return reusedKid(key, before);
  }
  return undefined;
}

/** A kid names one key for as long as it is published: relying parties have it in their caches. */
function reusedKid(key: VerificationKey, before: VerificationKey): OidcKeyError {
  const defect =
    key.thumbprint === before.thumbprint
      ? `is published as ${before.alg}, and now comes as ${key.alg} under the same kid`
      : 'is another key under a kid that is still published';
  return new OidcKeyError(
    'OIDC_KEY_DUPLICATE_KID',
    `${key.where} ${defect}. Give it a kid of its own; without one it gets its thumbprint.`,
  );
}
