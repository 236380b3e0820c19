import { OidcKeyError } from '../core/errors.js';
import type { VerificationKey } from '../core/key/verification-key.js';
import { noneLeft } from '../core/ring/check-lives.js';
import { withoutRevoked } from '../core/ring/life.js';
import type { IsRevoked, Lives } from '../core/ring/life.js';
import type { KnownKeys } from './known-keys.js';

/** Why a process cannot take over what was loaded, though it is sound by itself; undefined where it can. */
export function refusalOf(loaded: Lives, known: KnownKeys, isRevoked: IsRevoked): OidcKeyError | undefined {
  for (const { key } of loaded.lives) {
    const before = known.get(key.kid)?.key;
    if (before && before.publicJson !== key.publicJson) return reusedKid(key, before);
  }
  const left = withoutRevoked(loaded, isRevoked);
  return left.some(({ slot }) => slot === 'current') ? undefined : noneLeft();
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
