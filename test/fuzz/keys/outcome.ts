import { createPublicKey, randomBytes, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';
import { inspect } from 'node:util';

import { OidcKeyError } from '../../../lib/core/errors.js';
import type { SigningKey } from '../../../lib/core/key/signing-key.js';
import type { VerificationKey } from '../../../lib/core/key/verification-key.js';
import type { KeySlots } from '../../../lib/core/reading/key-slots.js';
import { NamedValue } from '../../../lib/core/reading/named-value.js';
import { KeyLoader } from '../../../lib/core/ring/key-loader.js';
import type { Lives } from '../../../lib/core/ring/life.js';
import { everythingPrintedOf } from '../../support/errors.js';
import type { KeyCase } from './key-case.js';
import { traceIn } from './traces.js';

/** Short, so that no run of it is long enough to look like a part of a key. */
const name = 'the key';

export type Outcome = { readonly keys: readonly SigningKey[] } | { readonly error: unknown };

export function slotsOf({ input, passphrase }: KeyCase): KeySlots {
  return {
    current: new NamedValue(name, input),
    passphrase: new NamedValue('the passphrase', passphrase),
  };
}

/** What a boot or a reload makes of a setting. */
export async function outcomeOf(slots: KeySlots): Promise<Outcome> {
  try {
    return { keys: keysOf(await new KeyLoader().load(slots, {})) };
  } catch (error) {
    return { error };
  }
}

/** What the constructor of a JwtService makes of it. */
export function outcomeNowOf(slots: KeySlots): Outcome {
  try {
    return { keys: keysOf(new KeyLoader().loadNow(slots, {})) };
  } catch (error) {
    return { error };
  }
}

function keysOf({ lives }: Lives): SigningKey[] {
  return lives.map(({ key, signer }) => ({ key, signer: signer! }));
}

/** What a boot and a constructor have to agree on. Of two bad keys they may name either first. */
export function verdictOf(outcome: Outcome): string {
  return 'keys' in outcome ? outcome.keys.map(({ key }) => key.kid).join(' ') : 'refused';
}

/** What is wrong with an outcome; undefined where it is as it has to be. */
export async function defectOf(keyCase: KeyCase, outcome: Outcome): Promise<string | undefined> {
  if ('keys' in outcome) return acceptanceDefectOf(keyCase, outcome.keys);
  if (keyCase.kid !== undefined) return `refused: ${String(outcome.error)}`;
  return refusalDefectOf(keyCase, outcome.error);
}

async function acceptanceDefectOf(
  keyCase: KeyCase,
  keys: readonly SigningKey[],
): Promise<string | undefined> {
  if (keys.length === 0) return 'accepted without a key';
  for (const { key, signer } of keys) {
    const data = randomBytes(40);
    const publicKey = createPublicKey({ key: key.publicJwk as JsonWebKey, format: 'jwk' });
    if (!isVerified(key, publicKey, data, await signer.sign(data)))
      return 'accepted, and what is published does not verify what it signs';
    if (traceOfPrivatePart(key)) return 'publishes a private member';
  }
  if (keyCase.kid !== undefined && verdictOf({ keys }) !== keyCase.kid) return 'has another kid';
  return isOfOtherMembers(keyCase.input, keys) ? 'publishes other members than the JWK has' : undefined;
}

function isVerified(
  { algorithm }: VerificationKey,
  publicKey: KeyObject,
  data: Buffer,
  signature: Buffer,
): boolean {
  const { hash, parameters } = algorithm;
  return verify(hash, data, { ...parameters, key: publicKey }, signature);
}

const publicNames = ['kty', 'n', 'e', 'crv', 'x', 'y', 'use', 'alg', 'kid'];

function traceOfPrivatePart({ publicJson }: VerificationKey): boolean {
  const published = JSON.parse(publicJson) as object;
  return Object.keys(published).some((member) => !publicNames.includes(member));
}

/** The public members that a JWK states are those of the key that it makes. */
function isOfOtherMembers(input: unknown, [first]: readonly SigningKey[]): boolean {
  if (typeof input !== 'object' || input === null || !('kty' in input)) return false;
  const [given, published] = [
    input as Record<string, unknown>,
    first!.key.publicJwk as object as Record<string, string>,
  ];
  return ['n', 'e', 'x', 'y']
    .filter((member) => member in published)
    .some((member) => numberOf(given[member]) !== numberOf(published[member]));
}

function numberOf(member: unknown): bigint | undefined {
  if (typeof member !== 'string') return undefined;
  return BigInt(`0x0${Buffer.from(member, 'base64url').toString('hex')}`);
}

function refusalDefectOf({ input }: KeyCase, error: unknown): string | undefined {
  if (!(error instanceof OidcKeyError)) return `an error that is no OidcKeyError: ${inspect(error)}`;
  if (!/^OIDC_KEY_[A-Z_]+$/.test(error.code)) return `no code: ${error.code}`;
  if (error.cause !== undefined) return 'an error with a cause';
  const trace = traceIn(everythingPrintedOf(error), error.message, textOf(input));
  return trace === undefined
    ? undefined
    : `repeats a part of the input, ${JSON.stringify(trace)}: ${error.message}`;
}

function textOf(input: unknown): string {
  if (typeof input === 'string') return input;
  if (Buffer.isBuffer(input)) return input.toString('latin1');
  try {
    return JSON.stringify(input) ?? '';
  } catch {
    // What JSON cannot write holds a cycle or a bigint; its parts are those of the keys of this run.
    return '';
  }
}
