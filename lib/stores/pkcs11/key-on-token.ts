import type { Handle, PKCS11 } from 'pkcs11js';

import { KeyStoreError } from '../key-store.js';
import { attribute, cka, flag, objects, publicObject } from './objects.js';
import type { FoundKey } from './protocol.js';
import { publicKeyOf } from './public-key.js';
import type { PublicValues } from './public-key.js';

/** CKK_RSA. */
const rsa = 0;

/** What else may be allowed with a private key. Of RSA each but the last is the operation that makes a signature. */
export const otherUses = [
  ['CKA_DECRYPT', cka.decrypt],
  ['CKA_UNWRAP', cka.unwrap],
  ['CKA_SIGN_RECOVER', cka.signRecover],
  ['CKA_DERIVE', cka.derive],
] as const;

/** What a token says of a private key: its id, its public half, and what speaks against signing with it. */
export function describe(
  module: PKCS11,
  session: Handle,
  handle: Handle,
  where: string,
): FoundKey & { publicKey: Buffer } {
  const id = attribute(module, session, handle, cka.id) ?? Buffer.alloc(0);
  const values = publicValues(module, session, handle, id);
  if (!values) {
    throw unusable(
      where,
      'has no public key beside it on the token, and its own half does not say it. Put the public key there, with the same id.',
    );
  }
  const publicKey = publicKeyOf(values);
  if (!publicKey)
    throw unusable(
      where,
      'is of a kind that no algorithm takes: RSA, P-256, P-384, P-521 and Ed25519 are known.',
    );
  const isFlag = (type: number) => flag(module, session, handle, type);
  const besideSign = usesThatSign(module, session, handle).filter((type) => type !== cka.sign);
  return { id, publicKey, refusal: refusalIn(isFlag), warning: warningIn(isFlag, besideSign) };
}

/** What makes signatures with a key where it is allowed. */
export function usesThatSign(module: PKCS11, session: Handle, handle: Handle): readonly number[] {
  const { sign, decrypt, unwrap, signRecover } = cka;
  return isRsaKey(module, session, handle) ? [sign, decrypt, unwrap, signRecover] : [sign];
}

function refusalIn(isFlag: (type: number) => boolean): string | undefined {
  if (!isFlag(cka.sign)) return 'is not for signing (CKA_SIGN is false). Set it, or make another key.';
  if (isFlag(cka.alwaysAuthenticate)) {
    return 'wants the PIN for each signature (CKA_ALWAYS_AUTHENTICATE), which no server should send. Make another key.';
  }
  return undefined;
}

function warningIn(isFlag: (type: number) => boolean, besideSign: readonly number[]): string | undefined {
  if (isFlag(cka.extractable) || !isFlag(cka.sensitive)) {
    return (
      'can be read out of the token by whoever has the PIN (CKA_EXTRACTABLE, or not CKA_SENSITIVE). Make one that cannot, and ' +
      'move to it: `rotate --to`.'
    );
  }
  const allowed = otherUses.flatMap(([name, type]) =>
    besideSign.includes(type) && isFlag(type) ? name : [],
  );
  if (allowed.length === 0) return undefined;
  return (
    `is for more than signing (${allowed.join(', ')}), and of RSA that makes signatures too. Make one that is for signing ` +
    'alone, and move to it: `rotate --to`. Where the token makes no such key, look at what `revoke` says of it.'
  );
}

/** Of RSA the private object says them; of curves only the public one does. */
function publicValues(module: PKCS11, session: Handle, handle: Handle, id: Buffer): PublicValues | undefined {
  const isRsa = isRsaKey(module, session, handle);
  const own = isRsa && rsaValues(module, session, handle);
  if (own) return own;
  const label = attribute(module, session, handle, cka.label) ?? Buffer.alloc(0);
  const beside = objects(module, session, publicObject, id.length > 0 ? { id } : { object: label });
  const all = beside
    .map((each) => (isRsa ? rsaValues(module, session, each) : ecValues(module, session, each)))
    .filter((values) => values !== undefined);
  const [first, ...others] = all;
  const isAmbiguous = others.some((values) => JSON.stringify(values) !== JSON.stringify(first));
  return isAmbiguous ? undefined : first;
}

function isRsaKey(module: PKCS11, session: Handle, handle: Handle): boolean {
  const type = attribute(module, session, handle, cka.keyType);
  // A number in the byte order of the machine; those of our kinds fit into a byte.
  return type?.every((byte) => byte === rsa) ?? false;
}

function rsaValues(module: PKCS11, session: Handle, handle: Handle): PublicValues | undefined {
  const modulus = attribute(module, session, handle, cka.modulus);
  const exponent = attribute(module, session, handle, cka.publicExponent);
  return modulus?.length && exponent?.length ? { modulus, exponent } : undefined;
}

function ecValues(module: PKCS11, session: Handle, handle: Handle): PublicValues | undefined {
  const curve = attribute(module, session, handle, cka.ecParams);
  const point = attribute(module, session, handle, cka.ecPoint);
  return curve?.length && point?.length ? { curve, point } : undefined;
}

export function unusable(where: string, words: string): KeyStoreError {
  return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${where} ${words}`);
}
