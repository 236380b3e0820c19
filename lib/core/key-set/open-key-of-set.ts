import { createPublicKey } from 'node:crypto';

import { algorithmNamed, algorithmOfJwk, defaultAlgorithmOf, fits } from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';
import { publicHalfOf } from '../key/public-jwk.js';
import { signingKeyOf, verificationKeyOf } from '../key/signing-key.js';
import type { Steps } from '../key/steps.js';
import { openJwk } from '../reading/open-jwk.js';
import { checkMembersOfKey } from './check-members.js';
import { KeyOfSet } from './key-of-set.js';
import type { Identity } from './key-of-set.js';
import type { KeySetJwk } from './key-set-document.js';

/**
 * Opens one key of a key set; a private one signs once.
 *
 * @throws OidcKeyError what {@link signingKeyOf}, {@link openJwk} and {@link checkMembersOfKey} throw
 */
export function* openKeyOfSet(jwk: KeySetJwk, where: string): Steps<KeyOfSet> {
  checkMembersOfKey(jwk, where);
  const identity = jwk.revoked === undefined ? yield* openUsable(jwk, where) : openRevoked(jwk, where);
  return new KeyOfSet({ ...jwk, kid: identity.kid, alg: identity.alg }, identity);
}

function* openUsable(jwk: KeySetJwk, where: string): Steps<Identity> {
  const opened = openJwk(jwk, where, jwk.d === undefined ? 'verifies' : 'signs');
  const material = { ...opened, where };
  const { key, signer } =
    jwk.d === undefined
      ? { key: yield* verificationKeyOf(material), signer: undefined }
      : yield* signingKeyOf(material);
  const { kid, thumbprint, algorithm, alg } = key;
  return { kid, thumbprint, algorithm, alg, where, key, signer };
}

/** It is never used, and may have been revoked for what would be refused: a weak key, or halves that do not match. */
function openRevoked(jwk: KeySetJwk, where: string): Identity {
  try {
    const publicKey = createPublicKey({ key: publicMembersOf(jwk), format: 'jwk' });
    const algorithm = algorithmNamed(jwk.alg) ?? defaultAlgorithmOf(publicKey);
    if (algorithm && fits(publicKey, algorithm)) {
      const alg = (jwk.alg ?? algorithm.names[0]) as SigningAlgorithm;
      const { publicJwk, thumbprint } = publicHalfOf(publicKey, alg, kidOf(jwk));
      return { kid: publicJwk.kid, thumbprint, algorithm, alg, where, key: undefined, signer: undefined };
    }
  } catch {
    // Node's message would quote the member.
  }
  throw new OidcKeyError(
    'OIDC_KEY_MALFORMED',
    `${where} is revoked, and its members make no key, so that nobody could tell which key it is. Its public half has ` +
      'to stay as it was.',
  );
}

function kidOf({ kid }: KeySetJwk): string | undefined {
  return typeof kid === 'string' && kid !== '' ? kid : undefined;
}

/** The key that a JWK is of, whatever else it says; undefined where it is of none. */
export function thumbprintOfJwk(jwk: KeySetJwk): string | undefined {
  try {
    const publicKey = createPublicKey({ key: publicMembersOf(jwk), format: 'jwk' });
    return publicHalfOf(publicKey, 'RS256').thumbprint;
  } catch {
    return undefined;
  }
}

function publicMembersOf(jwk: KeySetJwk): Record<string, unknown> {
  const algorithm: Algorithm | undefined = algorithmOfJwk(jwk.kty, jwk.crv);
  const { kty, crv, n, e, x, y } = jwk as unknown as Record<string, unknown>;
  const members: Record<string, unknown> = algorithm ? { kty, crv, n, e, x, y } : {};
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
