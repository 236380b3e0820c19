import type { Finding } from '../finding.js';
import { finderOf, quoted } from '../kinds-of-findings.js';
import { algFits, isEncryptionAlgorithm } from './key-kinds.js';

/** What a key says that it is for. */
export const kindsOfPurposes = {
  ALG_DOES_NOT_FIT: {
    severity: 'error',
    rule: 'RFC 7518 section 3.1, RFC 8725 section 3.1: a key is for the algorithm that fits its kind; conformance suite: ParseUsableJwksKeys',
    remedy: 'Name the algorithm in which this key signs.',
  },
  ALG_UNKNOWN: {
    severity: 'warning',
    rule: 'RFC 7517 section 4.4, IANA registry "JSON Web Signature and Encryption Algorithms"; conformance suite: WarnOnUnusableJwksKeys',
    remedy: 'Write the registered name, such as RS256; names are case-sensitive.',
  },
  USE_UNKNOWN: {
    severity: 'warning',
    rule: 'RFC 7517 section 4.2: "sig" or "enc"',
    remedy: 'Say use: "sig" on a key that signs.',
  },
  USE_CONTRADICTS_ALG: {
    severity: 'error',
    rule: 'RFC 7517 sections 4.2 and 4.4: use and alg say of one key what it is for',
    remedy: 'Say use: "sig" beside an algorithm of signatures.',
  },
  OPERATIONS_NO_LIST: {
    severity: 'error',
    rule: 'RFC 7517 section 4.3: key_ops is an array of strings',
    remedy: 'Write key_ops: ["verify"], or leave it out.',
  },
  OPERATIONS_REPEATED: {
    severity: 'error',
    rule: 'RFC 7517 section 4.3: duplicate values must not be present in key_ops',
    remedy: 'Name each operation once.',
  },
  OPERATIONS_BESIDE_USE: {
    severity: 'warning',
    rule: 'RFC 7517 section 4.3: use and key_ops should not be used together',
    remedy: 'Leave key_ops out, and keep use.',
  },
  OPERATIONS_CONTRADICT_USE: {
    severity: 'error',
    rule: 'RFC 7517 section 4.3: where both are there they must be consistent',
    remedy: 'Leave key_ops out, and keep use.',
  },
  OPERATIONS_OF_PRIVATE_KEY: {
    severity: 'warning',
    rule: 'RFC 7517 section 4.3, WebCrypto: a public key verifies; importKey refuses one that says "sign"',
    remedy: 'Write key_ops: ["verify"], or leave it out.',
  },
} as const;

const found = finderOf(kindsOfPurposes);

export function aboutPurpose(jwk: Record<string, unknown>, where: string): Finding[] {
  return [...aboutAlg(jwk, where), ...aboutUse(jwk, where), ...aboutOperations(jwk, where)];
}

function aboutAlg(jwk: Record<string, unknown>, where: string): Finding[] {
  const { alg, kty } = jwk;
  // Of a secret, and of a key of no kind, something worse is said.
  if (alg === undefined || kty === 'oct' || typeof kty !== 'string') return [];
  const place = `${where}.alg`;
  const fits = algFits(jwk);
  if (fits === undefined) {
    const isNone = alg === 'none' || typeof alg !== 'string';
    return [found(isNone ? 'ALG_DOES_NOT_FIT' : 'ALG_UNKNOWN', place, `It is ${quoted(alg)}.`)];
  }
  const kind = jwk.crv === undefined ? kty : jwk.crv;
  return fits
    ? []
    : [found('ALG_DOES_NOT_FIT', place, `It is ${quoted(alg)}, and the key is ${quoted(kind)}.`)];
}

function aboutUse(jwk: Record<string, unknown>, where: string): Finding[] {
  const { use, alg } = jwk;
  if (use === undefined) return [];
  if (use !== 'sig' && use !== 'enc') return [found('USE_UNKNOWN', `${where}.use`, `It is ${quoted(use)}.`)];
  const isContradiction = algFits(jwk) !== undefined && isEncryptionAlgorithm(alg) === (use === 'sig');
  return isContradiction
    ? [found('USE_CONTRADICTS_ALG', `${where}.use`, `It is ${quoted(use)}, and alg is ${quoted(alg)}.`)]
    : [];
}

const operationsOf = {
  sig: ['sign', 'verify'],
  enc: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey', 'deriveKey', 'deriveBits'],
};

function aboutOperations({ key_ops: operations, use }: Record<string, unknown>, where: string): Finding[] {
  if (operations === undefined) return [];
  const place = `${where}.key_ops`;
  if (!Array.isArray(operations) || !operations.every((each) => typeof each === 'string')) {
    return [found('OPERATIONS_NO_LIST', place, `It is ${quoted(operations)}.`)];
  }
  const findings: Finding[] = [];
  if (new Set(operations).size < operations.length) {
    findings.push(found('OPERATIONS_REPEATED', place, `It is ${quoted(operations)}.`));
  }
  if (use === 'sig' || use === 'enc') {
    const isConsistent = operations.every((each) => operationsOf[use].includes(each));
    const message = `It is ${quoted(operations)}, and use is ${quoted(use)}.`;
    findings.push(
      found(isConsistent ? 'OPERATIONS_BESIDE_USE' : 'OPERATIONS_CONTRADICT_USE', place, message),
    );
  }
  if (operations.includes('sign')) {
    findings.push(found('OPERATIONS_OF_PRIVATE_KEY', place, 'It lists "sign", and the key is public.'));
  }
  return findings;
}
