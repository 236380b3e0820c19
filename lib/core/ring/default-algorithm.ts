import { algorithmNamed } from '../algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import { OidcKeyError } from '../errors.js';

/**
 * The algorithm that signs where none is asked for: the one that was chosen, else RS256, else the only one. Undefined
 * where that says nothing.
 */
export function defaultAlgorithmAmong(
  algorithms: readonly Algorithm[],
  chosen: SigningAlgorithm | undefined,
): Algorithm | undefined {
  const wanted = algorithmNamed(chosen ?? 'RS256');
  if (wanted && algorithms.includes(wanted)) return wanted;
  return chosen === undefined && algorithms.length === 1 ? algorithms[0] : undefined;
}

export function noneToSign(where: string, alg?: SigningAlgorithm): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_NONE_TO_SIGN',
    alg === undefined
      ? `${where} has no current key that signs by default. With several algorithms and no RS256 key, the option ` +
          '"algorithm" says which of them does.'
      : `${where} has no current key for ${alg}. Add one, or ask for another algorithm.`,
  );
}
