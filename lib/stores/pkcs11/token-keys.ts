import type { Attribute, Handle, PKCS11 } from 'pkcs11js';

import { describe, otherUses, unusable, usesThatSign } from './key-on-token.js';
import { mechanismOf } from './mechanisms.js';
import { cka, flag, isOneOf, objects, privateObject } from './objects.js';
import type { KeyAtHand, OpenToken } from './open-token.js';
import type { Answers, Question } from './protocol.js';
import type { Token } from './token.js';
import type { KeyName } from './uri.js';

/** CK_PARAMS_RSA_PSS of pkcs11js. */
const pssParameters = 5;
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
