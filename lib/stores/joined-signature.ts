import type { Algorithm } from '../core/algorithms.js';

/** How many bytes R and S of an ECDSA signature have each; undefined of other signatures. */
export function sizeOfHalf({ curve }: Algorithm): number | undefined {
  return { prime256v1: 32, secp384r1: 48, secp521r1: 66 }[curve ?? ''];
}

/**
 * R and S of an ECDSA signature side by side, as a JWS has them (RFC 7518 section 3.4), from the DER in which most KMSs
 * give them (RFC 3279 section 2.2.3). Undefined where it is no such DER.
 *
 * @param size of R and of S, in bytes
 */
export function joinedSignature(der: Uint8Array, size: number): Buffer | undefined {
  const sequence = elementAt(der, 0, 0x30);
  if (sequence?.end !== der.length) return undefined;
  const r = elementAt(der, sequence.start, 0x02);
  const s = r && elementAt(der, r.end, 0x02);
  if (s?.end !== der.length) return undefined;
  const joined = Buffer.alloc(2 * size);
  for (const [index, { start, end }] of [r!, s].entries()) {
    // DER puts a zero before a number whose first bit is set, and leaves others away.
    const first = der.subarray(start, end).findIndex((byte) => byte !== 0);
    const bytes = first < 0 ? der.subarray(end, end) : der.subarray(start + first, end);
    if (bytes.length > size) return undefined;
    joined.set(bytes, (index + 1) * size - bytes.length);
  }
  return joined;
}

/** Where the content of an element begins, and where the next one does (X.690 section 8.1). */
function elementAt(der: Uint8Array, at: number, tag: number): { start: number; end: number } | undefined {
  const [found, short = 0, long = 0] = der.subarray(at, at + 3);
  if (found !== tag) return undefined;
  // Of P-521 the sequence is longer than 127 bytes, and no ECDSA signature than 255.
  const [start, length] = short === 0x81 ? [at + 3, long] : [at + 2, short];
  const end = start + length;
  return length > 0 && length <= 0xff && end <= der.length ? { start, end } : undefined;
}
