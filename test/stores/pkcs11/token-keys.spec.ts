import { describe, expect, it } from '@jest/globals';
import type { Attribute, Handle } from 'pkcs11js';

import type { OpenToken } from '../../../lib/stores/pkcs11/open-token.js';
import type { FoundKey } from '../../../lib/stores/pkcs11/protocol.js';
import { TokenKeys } from '../../../lib/stores/pkcs11/token-keys.js';
import type { Token } from '../../../lib/stores/pkcs11/token.js';
import { makeKeyPair } from '../../support/key-pairs.js';

const cka = {
  class: 0x0,
  keyType: 0x100,
  id: 0x102,
  decrypt: 0x105,
  unwrap: 0x107,
  sign: 0x108,
  signRecover: 0x109,
  derive: 0x10c,
  modulus: 0x120,
  publicExponent: 0x122,
  ecPoint: 0x181,
};
const uses = [cka.decrypt, cka.unwrap, cka.sign, cka.signRecover, cka.derive];
const where = 'pkcs11:token=t1';
const id = Buffer.from([1]);

interface Narrowness {
  /** The attribute that it refuses in a template, and in which words. */
  readonly refused?: readonly [type: number, answer: string];
  /** The attribute that it lets nobody change. */
  readonly fixed?: number;
}

/** A module whose token allows with a key whatever nobody forbids, as many do. SoftHSM refuses no attribute. */
class NarrowModule {
  made = 0;
  readonly #narrowness: Narrowness;
  readonly #objects = new Map<number, Map<number, Buffer>>();
  #found: number[] = [];

  constructor(narrowness: Narrowness) {
    this.#narrowness = narrowness;
  }

  C_GenerateKeyPairAsync = (_: Handle, mechanism: { mechanism: number }, ...halves: Attribute[][]) => {
    const { refused } = this.#narrowness;
    if (refused && halves[1]!.some(({ type }) => type === refused[0]))
      return Promise.reject(new Error(refused[1]));
    const isRsa = mechanism.mechanism === 0;
    const [publicKey, privateKey] = halves.map((half, index) => this.#object(half, index + 2, isRsa));
    this.made += 1;
    return Promise.resolve({ publicKey: handleOf(publicKey!), privateKey: handleOf(privateKey!) });
  };

  C_GetAttributeValue = (_: Handle, object: Handle, [asked]: Attribute[]) => {
    const value = this.#objects.get(object[0]!)!.get(asked!.type);
    if (!value) throw new Error('CKR_ATTRIBUTE_TYPE_INVALID:18');
    return [{ type: asked!.type, value }];
  };

  C_SetAttributeValue = (_: Handle, object: Handle, [change]: Attribute[]) => {
    if (change!.type === this.#narrowness.fixed) throw new Error('CKR_ATTRIBUTE_READ_ONLY:16');
    this.#objects.get(object[0]!)!.set(change!.type, bytesOf(change!.value));
  };

  C_FindObjectsInit = (_: Handle, template: Attribute[]) => {
    const isMeant = (object: Map<number, Buffer>) =>
      template.every(({ type, value }) => object.get(type)?.equals(bytesOf(value)));
    this.#found = [...this.#objects].flatMap(([number, object]) => (isMeant(object) ? number : []));
  };

  C_FindObjects = () => this.#found.map(handleOf);
  C_FindObjectsFinal = () => undefined;

  #object(template: Attribute[], objectClass: number, isRsa: boolean): number {
    const object = new Map(template.map(({ type, value }) => [type, bytesOf(value)]));
    object.set(cka.class, bytesOf(objectClass));
    object.set(cka.keyType, bytesOf(isRsa ? 0 : 3));
    for (const type of objectClass === 3 ? uses : []) if (!object.has(type)) object.set(type, bytesOf(true));
    if (isRsa) {
      object.set(cka.modulus, Buffer.from(rsa.n!, 'base64url'));
      object.set(cka.publicExponent, Buffer.from(rsa.e!, 'base64url'));
    } else {
      const point = Buffer.concat([Buffer.from([4]), ...[ec.x!, ec.y!].map(fromBase64)]);
      object.set(cka.ecPoint, Buffer.concat([Buffer.from([4, 65]), point]));
    }
    this.#objects.set(this.#objects.size + 1, object);
    return this.#objects.size;
  }
}

const rsa = makeKeyPair('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64url');
}

function handleOf(number: number): Handle {
  return Buffer.from([number]);
}

function bytesOf(value: unknown): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from([Number(value)]);
}

function keysOf(narrowness: Narrowness) {
  const module = new NarrowModule(narrowness);
  const open = {
    module,
    keys: new Map<string, never>(),
    withWriter: (work: (session: Handle) => Promise<unknown>) => work(handleOf(0)),
  } as unknown as OpenToken;
  const token = { use: (_: string, work: (each: OpenToken) => Promise<unknown>) => work(open) };
  const keys = new TokenKeys(token as unknown as Token);
  const make = (alg = 'RS256') =>
    keys.answer({ ask: 'create', where, alg, bits: 2048, label: Buffer.from('a'), id }) as Promise<FoundKey>;
  const disable = () => keys.answer({ ask: 'disable', where, key: { object: undefined, id } });
  return { module, make, disable };
}

describe('a token that is narrower than SoftHSM', () => {
  it.each([
    ['does not know', 'CKR_ATTRIBUTE_TYPE_INVALID:18'],
    ['lets nobody say', 'CKR_TEMPLATE_INCONSISTENT:209'],
  ])(
    'makes a key although there is an attribute that it %s, and the rest is forbidden',
    async (_, answer) => {
      const { make, disable } = keysOf({ refused: [cka.unwrap, answer] });
      await expect(make()).resolves.toMatchObject({ refusal: undefined, warning: undefined });
      await expect(disable()).resolves.toEqual([]);
    },
  );

  it('makes a key for more than signing where it lets nobody forbid that, and it is said', async () => {
    const { make, disable } = keysOf({
      refused: [cka.decrypt, 'CKR_ATTRIBUTE_VALUE_INVALID:19'],
      fixed: cka.decrypt,
    });
    const { refusal, warning } = await make();
    expect(refusal).toBeUndefined();
    expect(warning).toContain('is for more than signing (CKA_DECRYPT)');
    await expect(disable()).resolves.toEqual(['CKA_DECRYPT']);
  });

  it('of a curve nothing else is said, since only signing makes signatures', async () => {
    const { make, disable } = keysOf({
      refused: [cka.decrypt, 'CKR_ATTRIBUTE_VALUE_INVALID:19'],
      fixed: cka.decrypt,
    });
    await expect(make('ES256')).resolves.toMatchObject({ refusal: undefined, warning: undefined });
    await expect(disable()).resolves.toEqual([]);
  });

  it('that lets nobody forbid signing still signs, and the rest is forbidden', async () => {
    const { make, disable } = keysOf({ fixed: cka.sign });
    await make();
    await expect(disable()).resolves.toEqual(['CKA_SIGN']);
  });

  it('is not asked twice where it failed for another reason', async () => {
    const { module, make } = keysOf({ refused: [cka.unwrap, 'CKR_DEVICE_MEMORY:49'] });
    await expect(make()).rejects.toThrow('CKR_DEVICE_MEMORY');
    expect(module.made).toBe(0);
  });
});
