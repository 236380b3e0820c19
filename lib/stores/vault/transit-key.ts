import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { Algorithm } from '../../core/algorithms.js';
import { isObject } from '../../core/objects.js';
import type { HeldKey } from '../kms-driver.js';

/** Transit's name for the kind of key that an algorithm needs; undefined where it has none. */
export function transitTypeOf({ keyType, curve }: Algorithm, bits: number): string | undefined {
  if (keyType === 'rsa') return [2048, 3072, 4096].includes(bits) ? `rsa-${bits}` : undefined;
  if (keyType === 'ed25519') return 'ed25519';
  return { prime256v1: 'ecdsa-p256', secp384r1: 'ecdsa-p384', secp521r1: 'ecdsa-p521' }[curve ?? ''];
}

/** What Transit tells of a key, as far as it matters here. */
export interface TransitKey {
  readonly type: string;
  readonly latest: number;
  /** A version below it is there and signs nothing; 0 where there is no floor. */
  readonly signsFrom: number;
  readonly versions: readonly {
    readonly number: number;
    readonly publicKey: KeyObject;
    readonly since: number | undefined;
  }[];
  readonly refusal: string | undefined;
  readonly warning: string | undefined;
}

/** Undefined where an answer is none to the question for a key. */
export function transitKeyIn(data: Readonly<Record<string, unknown>>): TransitKey | undefined {
  const { type, keys, latest_version: latest, min_encryption_version: floor } = data;
  if (typeof type !== 'string' || !Number.isSafeInteger(latest) || !isObject(keys)) return undefined;
  const versions = Object.entries(keys).flatMap(([number, value]) => {
    const publicKey = isObject(value) ? publicKeyIn(value.public_key, type) : undefined;
    const since = isObject(value) ? Date.parse(String(value.creation_time)) / 1000 : NaN;
    return publicKey
      ? { number: Number(number), publicKey, since: Number.isFinite(since) ? since : undefined }
      : [];
  });
  return {
    type,
    latest: latest as number,
    signsFrom: typeof floor === 'number' ? floor : 0,
    versions: versions.toSorted((a, b) => a.number - b.number),
    refusal: refusalIn(data),
    warning: data.exportable === true || data.allow_plaintext_backup === true ? exportable : undefined,
  };
}

const exportable =
  'can be exported by whoever has the right, and Transit cannot take that back. Make one that cannot, and move to it: ' +
  '`rotate --to`.';

function refusalIn({ supports_signing: signs, soft_deleted: deleted }: Readonly<Record<string, unknown>>) {
  if (deleted === true) return 'is deleted (soft_deleted). Restore it with soft-delete-restore.';
  if (signs === false)
    return 'is of a type that does not sign. Name one of rsa-2048 or longer, ecdsa or ed25519.';
  return undefined;
}

/** PEM, but of Ed25519 the 32 bytes in base64. */
function publicKeyIn(text: unknown, type: string): KeyObject | undefined {
  if (typeof text !== 'string' || text === '') return undefined;
  try {
    if (type !== 'ed25519') return createPublicKey(text);
    const x = Buffer.from(text, 'base64').toString('base64url');
    return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  } catch {
    // Node's message may quote what it was given.
    return undefined;
  }
}

/** A version as one of a KMS. */
export function heldKeyOf(
  { signsFrom, refusal, warning }: TransitKey,
  { number, publicKey, since }: TransitKey['versions'][number],
  reference: string,
): HeldKey {
  const isBelow = number < signsFrom;
  return {
    reference: `${reference}#${number}`,
    publicKey,
    since,
    refusal:
      refusal ??
      (isBelow
        ? `is below the floor of its key (min_encryption_version is ${signsFrom}). Lower it, or rotate.`
        : undefined),
    warning,
  };
}
