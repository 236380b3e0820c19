import type { ReadToken } from './read-token.js';
import { shown } from './shown.js';

/** What a header announces that changes how the token is to be read: no relying party has to understand it. */
export function headerFaults({ header }: ReadToken): string[] {
  return [
    ...(Object.hasOwn(header, 'crit')
      ? [
          `its header has "crit": ${shown(header.crit)}, and whoever does not know that refuses it (RFC 7515 section 4.1.11)`,
        ]
      : []),
    ...(Object.hasOwn(header, 'b64')
      ? ['its header has "b64", and a JWT has none (RFC 7797 section 7)']
      : []),
  ];
}

/** Why nobody signed a token, whoever that might have been. */
export function unsignedFaults({ header: { alg }, signature }: ReadToken): string[] {
  const isNone = typeof alg !== 'string' || alg === '' || alg.toLowerCase() === 'none';
  return [
    ...(isNone ? [`its header says "alg": ${shown(alg)}, and a token has to be signed`] : []),
    ...(signature.length === 0 ? ['its signature is empty'] : []),
  ];
}
