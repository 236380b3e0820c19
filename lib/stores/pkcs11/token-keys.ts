import type { Attribute, Handle, PKCS11 } from 'pkcs11js';

import { KeyStoreError } from '../key-store.js';
import { mechanismOf } from './mechanisms.js';
import type { KeyAtHand, OpenToken } from './open-token.js';
import type { Answers, FoundKey, Question } from './protocol.js';
import { publicKeyOf } from './public-key.js';
import type { PublicValues } from './public-key.js';
import { returnValueIn } from './return-values.js';
import type { Token } from './token.js';
import type { KeyName } from './uri.js';

/** Numbers of PKCS#11. */
const cka = {
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
const publicObject = 2;
const privateObject = 3;
const rsa = 0;
/** CK_PARAMS_RSA_PSS of pkcs11js. */
const pssParameters = 5;
/** CKR_ATTRIBUTE_SENSITIVE, CKR_ATTRIBUTE_TYPE_INVALID. */
const notGiven = [17, 18];
/** That a token lets nobody change an attribute: of this key, by this user, or at all. */
const refusedChanges = [
  16, // CKR_ATTRIBUTE_READ_ONLY
  19, // CKR_ATTRIBUTE_VALUE_INVALID
  27, // CKR_ACTION_PROHIBITED
  84, // CKR_FUNCTION_NOT_SUPPORTED
  181, // CKR_SESSION_READ_ONLY
  209, // CKR_TEMPLATE_INCONSISTENT
  226, // CKR_TOKEN_WRITE_PROTECTED
];

/** That a token does not take an attribute in a template: it does not know it, or lets nobody say it. */
const refusedTemplates = [
  16, // CKR_ATTRIBUTE_READ_ONLY
  18, // CKR_ATTRIBUTE_TYPE_INVALID
  19, // CKR_ATTRIBUTE_VALUE_INVALID
  209, // CKR_TEMPLATE_INCONSISTENT
];
/** What else may be allowed with a private key. Of RSA each but the last is the operation that makes a signature. */
const otherUses = [
  ['CKA_DECRYPT', cka.decrypt],
  ['CKA_UNWRAP', cka.unwrap],
  ['CKA_SIGN_RECOVER', cka.signRecover],
  ['CKA_DERIVE', cka.derive],
] as const;
const everyUse = [['CKA_SIGN', cka.sign], ...otherUses] as const;

/** As long as a signature of the longest RSA key. One that is too small leaves an operation on the session. */
const longestSignature = 1024;

type Asked<Ask extends Question['ask']> = Extract<Question, { readonly ask: Ask }>;

/** What is asked of a token's keys. */
export class TokenKeys {
  readonly #token: Token;

  constructor(token: Token) {
    this.#token = token;
  }

  /** @throws KeyStoreError */
  answer(question: Question): Promise<Answers[keyof Answers]> {
    if (question.ask === 'find') return this.#find(question);
    if (question.ask === 'sign') return this.#sign(question);
    if (question.ask === 'create') return this.#create(question);
    return this.#disable(question);
  }

  #find({ key, where }: Asked<'find'>): Promise<Answers['find']> {
    return this.#token.use(where, (open) =>
      open.withSession(async (session) => {
        const handle = handleOf(open, session, key, where);
        return handle && describe(open.module, session, handle, where);
      }),
    );
  }

  #sign({ key, where, alg, data, expected }: Asked<'sign'>): Promise<Answers['sign']> {
    const { signing, pss } = mechanismOf(alg);
    const mechanism = {
      mechanism: signing[1],
      ...(pss && { parameter: { type: pssParameters, ...pss } }),
    };
    return this.#token.use(where, (open) =>
      open.withSession(async (session) => {
        const { handle, publicKey } = keyAtHand(open, session, key, where, expected);
        if (!publicKey.equals(expected)) {
          throw unusable(
            where,
            'is another key than it was before. Check what was put in its place on the token.',
          );
        }
        open.module.C_SignInit(session, mechanism, handle);
        return open.module.C_SignAsync(session, Buffer.from(data), Buffer.alloc(longestSignature));
      }),
    );
  }

  #create({ where, alg, bits, label, id }: Asked<'create'>): Promise<Answers['create']> {
    const { generating, curve } = mechanismOf(alg);
    const names = [
      { type: cka.token, value: true },
      { type: cka.label, value: Buffer.from(label) },
      { type: cka.id, value: Buffer.from(id) },
    ];
    const size = curve
      ? [{ type: cka.ecParams, value: curve }]
      : [
          { type: cka.modulusBits, value: bits },
          { type: cka.publicExponent, value: Buffer.from([1, 0, 1]) },
        ];
    const publicHalf = [
      ...names,
      ...size,
      { type: cka.private, value: false },
      { type: cka.verify, value: true },
    ];
    const privateHalf = [
      ...names,
      { type: cka.private, value: true },
      { type: cka.sensitive, value: true },
      { type: cka.extractable, value: false },
      { type: cka.sign, value: true },
    ];
    // Tokens allow them unless somebody says otherwise.
    const signingAlone = otherUses.map(([, type]) => ({ type, value: false }));
    // Once: it may have been made although no answer came.
    return this.#token.use(
      where,
      (open) =>
        open.withWriter(async (session) => {
          const { module } = open;
          const mechanism = { mechanism: generating[1] };
          const make = async (half: Attribute[]) =>
            (await module.C_GenerateKeyPairAsync(session, mechanism, publicHalf, half)).privateKey;
          let handle: Handle;
          try {
            handle = await make([...privateHalf, ...signingAlone]);
          } catch (error) {
            if (!isOneOf(refusedTemplates, error)) throw error;
            handle = await make(privateHalf);
            for (const [, type] of otherUses) forbid(module, session, handle, type);
          }
          return describe(module, session, handle, where);
        }),
      1,
    );
  }

  #disable({ key, where }: Asked<'disable'>): Promise<Answers['disable']> {
    return this.#token.use(where, (open) =>
      open.withWriter(async (session) => {
        const { handle } = keyAtHand(open, session, key, where);
        const left = everyUse.filter(([, type]) => !forbid(open.module, session, handle, type));
        const signing = new Set<number>(usesThatSign(open.module, session, handle));
        return left.flatMap(([name, type]) => (signing.has(type) ? name : []));
      }),
    );
  }
}

/** @returns whether it is forbidden by now */
function forbid(module: PKCS11, session: Handle, handle: Handle, type: number): boolean {
  if (!flag(module, session, handle, type)) return true;
  try {
    module.C_SetAttributeValue(session, handle, [{ type, value: false }]);
  } catch (error) {
    if (!isOneOf(refusedChanges, error)) throw error;
    return false;
  }
  // Some modules take it and do nothing.
  return !flag(module, session, handle, type);
}

/** What makes signatures with a key where it is allowed. */
function usesThatSign(module: PKCS11, session: Handle, handle: Handle): readonly number[] {
  const { sign, decrypt, unwrap, signRecover } = cka;
  return isRsaKey(module, session, handle) ? [sign, decrypt, unwrap, signRecover] : [sign];
}

function isOneOf(numbers: readonly number[], error: unknown): boolean {
  return numbers.includes(returnValueIn(error)?.number ?? -1);
}

function unusable(where: string, words: string): KeyStoreError {
  return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${where} ${words}`);
}

/** Finds a key once for each initialization, and again where it is not the one that is expected. */
function keyAtHand(
  open: OpenToken,
  session: Handle,
  key: KeyName,
  where: string,
  expected?: Uint8Array,
): KeyAtHand {
  const name = JSON.stringify([key.object && hex(key.object), key.id && hex(key.id)]);
  const known = open.keys.get(name);
  if (known && (!expected || known.publicKey.equals(expected))) return known;
  const handle = handleOf(open, session, key, where);
  if (!handle) throw unusable(where, 'is not on the token. Check the label and the id of the key.');
  const { publicKey } = describe(open.module, session, handle, where);
  const found = { handle, publicKey };
  open.keys.set(name, found);
  return found;
}

function handleOf(open: OpenToken, session: Handle, key: KeyName, where: string): Handle | undefined {
  const [handle, ...others] = objects(open.module, session, privateObject, key);
  if (others.length > 0) {
    throw unusable(where, 'is the name of more than one private key. Add the id of one: id=%..');
  }
  return handle;
}

function objects(module: PKCS11, session: Handle, objectClass: number, { object, id }: KeyName): Handle[] {
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

function describe(
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

/** Undefined where the object has none, or does not say it. */
function attribute(module: PKCS11, session: Handle, handle: Handle, type: number): Buffer | undefined {
  try {
    const [found] = module.C_GetAttributeValue(session, handle, [{ type }]);
    return found?.value;
  } catch (error) {
    if (isOneOf(notGiven, error)) return undefined;
    throw error;
  }
}

function flag(module: PKCS11, session: Handle, handle: Handle, type: number): boolean {
  return (attribute(module, session, handle, type)?.[0] ?? 0) !== 0;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
