import type { Attribute, Handle, PKCS11 } from 'pkcs11js';

import { returnValueIn } from './return-values.js';
import type { KeyName } from './uri.js';

/** Numbers of PKCS#11. */
export const cka = {
  class: 0x0,
  token: 0x1,
  private: 0x2,
  label: 0x3,
  keyType: 0x100,
  id: 0x102,
  sensitive: 0x103,
  decrypt: 0x105,
  unwrap: 0x107,
  sign: 0x108,
  signRecover: 0x109,
  verify: 0x10a,
  derive: 0x10c,
  modulus: 0x120,
  modulusBits: 0x121,
  publicExponent: 0x122,
  extractable: 0x162,
  ecParams: 0x180,
  ecPoint: 0x181,
  alwaysAuthenticate: 0x202,
};

export const publicObject = 2;
export const privateObject = 3;

/** CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID. */
const notGiven = [17, 18];

/** The objects of a class that have a name. */
export function objects(
  module: PKCS11,
  session: Handle,
  objectClass: number,
  { object, id }: KeyName,
): Handle[] {
  const template: Attribute[] = [{ type: cka.class, value: objectClass }];
  if (object) template.push({ type: cka.label, value: Buffer.from(object) });
  if (id) template.push({ type: cka.id, value: Buffer.from(id) });
  module.C_FindObjectsInit(session, template);
  try {
    return module.C_FindObjects(session, 10);
  } finally {
    module.C_FindObjectsFinal(session);
  }
}

/** Undefined where the object has none, or does not say it. */
export function attribute(module: PKCS11, session: Handle, handle: Handle, type: number): Buffer | undefined {
  try {
    const [found] = module.C_GetAttributeValue(session, handle, [{ type }]);
    return found?.value;
  } catch (error) {
    if (isOneOf(notGiven, error)) return undefined;
    throw error;
  }
}

export function flag(module: PKCS11, session: Handle, handle: Handle, type: number): boolean {
  return (attribute(module, session, handle, type)?.[0] ?? 0) !== 0;
}

export function isOneOf(numbers: readonly number[], error: unknown): boolean {
  return numbers.includes(returnValueIn(error)?.number ?? -1);
}
