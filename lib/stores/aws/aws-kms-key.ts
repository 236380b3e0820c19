import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { KeyMetadata, KeySpec, SignRequest } from '@aws-sdk/client-kms';

import type { Algorithm } from '../../core/algorithms.js';

/** AWS's name for the kind of key that an algorithm needs; undefined where it has none. */
export function keySpecOf({ keyType, curve }: Algorithm, bits: number): KeySpec | undefined {
  if (keyType === 'ed25519') return 'ECC_NIST_EDWARDS25519';
  return keyType === 'rsa' ? rsaSpecs.get(bits) : curveSpecs.get(curve ?? '');
}

const rsaSpecs: ReadonlyMap<number, KeySpec> = new Map([
  [2048, 'RSA_2048'],
  [3072, 'RSA_3072'],
  [4096, 'RSA_4096'],
]);

const curveSpecs: ReadonlyMap<string, KeySpec> = new Map([
  ['prime256v1', 'ECC_NIST_P256'],
  ['secp384r1', 'ECC_NIST_P384'],
  ['secp521r1', 'ECC_NIST_P521'],
]);

const signingSpecs: readonly (string | undefined)[] = [
  ...rsaSpecs.values(),
  ...curveSpecs.values(),
  'ECC_NIST_EDWARDS25519',
];

/** How AWS is asked for a signature of an algorithm. */
export function schemeOf({
  keyType,
  hash,
  names,
}: Algorithm): Pick<SignRequest, 'SigningAlgorithm' | 'MessageType'> {
  // ED25519_PH_SHA_512, which takes a digest, is another algorithm than that of RFC 8037.
  if (hash === null) return { SigningAlgorithm: 'ED25519_SHA_512', MessageType: 'RAW' };
  const bits = hash.slice(3) as '256' | '384' | '512';
  if (keyType === 'ec') return { SigningAlgorithm: `ECDSA_SHA_${bits}`, MessageType: 'DIGEST' };
  const padding = names[0].startsWith('PS') ? 'PSS' : 'PKCS1_V1_5';
  return { SigningAlgorithm: `RSASSA_${padding}_SHA_${bits}`, MessageType: 'DIGEST' };
}

/** Why AWS does not sign with a key, as the end of a sentence. */
export function refusalIn({
  KeyUsage: usage,
  KeySpec: spec,
  KeyState: state,
}: KeyMetadata): string | undefined {
  const make = '`npx nestjs-oidc-key init --to aws-kms:` makes a key.';
  if (usage !== 'SIGN_VERIFY') return `is for ${usage}, and AWS never changes what a key is for. ${make}`;
  if (!signingSpecs.includes(spec))
    return `is of the type ${spec}, which no algorithm of tokens has. ${make}`;
  return state === 'Enabled' ? undefined : (states[state ?? ''] ?? `is in the state ${state}.`);
}

const pendingDeletion =
  'is scheduled for deletion. `aws kms cancel-key-deletion` and `aws kms enable-key` bring it back.';

/** AWS's names of states in which a key does not sign. */
const states: Readonly<Record<string, string>> = {
  Disabled: 'is disabled. `aws kms enable-key` enables it.',
  PendingDeletion: pendingDeletion,
  PendingReplicaDeletion: pendingDeletion,
  PendingImport:
    'has no key material: it was not imported yet, or has expired, or was deleted. Import the same again.',
  Unavailable: 'is in a custom key store that is not connected. Connect it.',
};

/** What somebody should know of a key that signs, as the end of a sentence. */
export function warningIn({ ExpirationModel: model, ValidTo: end }: KeyMetadata): string | undefined {
  if (model !== 'KEY_MATERIAL_EXPIRES') return undefined;
  return (
    `loses its key material at ${end?.toISOString()}, since it was imported with an end. ` +
    'Import the same again without one, or rotate before.'
  );
}

/** DER of a SubjectPublicKeyInfo. */
export function publicKeyIn(der: Uint8Array | undefined): KeyObject | undefined {
  try {
    return der && createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
  } catch {
    // Of a type that this Node does not know.
    return undefined;
  }
}

/** Whether two identifiers may name one key: each is an ARN, or ends as one does. */
export function isSameKey(one: string, other: string | undefined): boolean {
  if (other === undefined) return false;
  const identifierIn = (name: string) => name.slice(name.lastIndexOf('/') + 1);
  const areArns = one.startsWith('arn:') && other.startsWith('arn:');
  return areArns ? one === other : identifierIn(one) === identifierIn(other);
}
