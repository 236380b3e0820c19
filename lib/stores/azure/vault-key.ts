import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { HeldKey } from '../kms-driver.js';
import type { JsonWebKey, KeyProperties, VaultKey } from './keys-package.js';
import type { Ordered } from './versions-in-order.js';

/** A version of a key, as it stands among the others. */
export function keyVersionIn({ version, createdOn }: KeyProperties): Ordered | undefined {
  if (version === undefined || !(createdOn instanceof Date)) return undefined;
  return { identifier: version, created: Math.floor(createdOn.getTime() / 1000) };
}

/**
 * @param reference without a version
 * @returns undefined where it is of a kind that signs nothing a JWS has: a symmetric one, or of another curve
 */
export function heldKeyOf(
  { key, keyOperations, properties }: VaultKey,
  reference: string,
): HeldKey | undefined {
  const publicKey = key && publicKeyIn(key);
  const version = keyVersionIn(properties);
  return (
    publicKey &&
    version && {
      reference: `${reference}/${version.identifier}`,
      publicKey,
      since: version.created,
      refusal: refusalIn(properties, keyOperations),
      warning: properties.exportable === true ? exportable : undefined,
    }
  );
}

const exportable =
  'can be exported by whoever may release it, and Key Vault cannot take that back. Make one that cannot, and move to it: ' +
  '`rotate --to`.';

function refusalIn(
  { enabled, notBefore, expiresOn }: KeyProperties,
  operations: readonly string[] | undefined,
): string | undefined {
  if (enabled === false) {
    return 'is disabled. `az keyvault key set-attributes --enabled true` enables it.';
  }
  if (notBefore && notBefore.getTime() > Date.now()) {
    return `is valid from ${notBefore.toISOString()} only. Change that: az keyvault key set-attributes --not-before`;
  }
  if (expiresOn && expiresOn.getTime() <= Date.now()) {
    return `has expired at ${expiresOn.toISOString()}. Rotate, or change that: az keyvault key set-attributes --expires`;
  }
  if (operations?.includes('sign') === false) {
    return 'is not for signing. Allow it: az keyvault key set-attributes --ops sign verify';
  }
  return undefined;
}

function publicKeyIn({ kty = '', crv, n, e, x, y }: JsonWebKey): KeyObject | undefined {
  // RSA-HSM and EC-HSM are names of Azure's own.
  const jwk = kty.startsWith('RSA')
    ? { kty: 'RSA', n: textOf(n), e: textOf(e) }
    : { kty: 'EC', crv: crv ?? '', x: textOf(x), y: textOf(y) };
  try {
    return createPublicKey({ key: jwk, format: 'jwk' });
  } catch {
    return undefined;
  }
}

function textOf(bytes: Uint8Array = Buffer.alloc(0)): string {
  return Buffer.from(bytes).toString('base64url');
}
