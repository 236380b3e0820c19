import { createHash } from 'node:crypto';

import { isObject } from '../../core/objects.js';
import type { Finding } from '../finding.js';
import { finderOf, listOf, oncePerPlace, quoted } from '../kinds-of-findings.js';
import { canSignIn, isForEncryption, kindOf } from './key-kinds.js';
import {
  contentOfList,
  headersOf,
  keysAmong,
  keysOf,
  listOfKeys,
  listsOf,
  metadataOf,
} from './observation.js';
import type { Observation, SeenDocument, SeenKey } from './observation.js';

/** What a JWK Set is as a whole, and what its keys are to each other. */
export const kindsOfJwks = {
  KEYS_MISSING: {
    severity: 'error',
    rule: 'RFC 7517 section 5.1: "keys" is an array; conformance suite: ValidateServerJWKs, ValidateJwksStructure',
    remedy: 'Serve a JWK Set: an object whose member "keys" is an array.',
  },
  KEYS_EMPTY: {
    severity: 'warning',
    rule: 'AWS IAM User Guide, "Create an OpenID Connect (OIDC) identity provider": at least one key',
    remedy: 'Publish the key before the first token is signed.',
  },
  NO_KEY_FOR_SIGNATURES: {
    severity: 'error',
    rule: 'OpenID Connect Discovery 1.0 section 3 (jwks_uri): the keys to validate signatures from the OP',
    remedy: 'Publish the public half of the key that signs.',
  },
  KID_MISSING: {
    severity: 'error',
    rule: 'OpenID Connect Core 1.0 section 10.1: with several keys each needs a kid; conformance suite: CheckForKeyIdInServerJWKs',
    remedy: 'Give every key a kid, such as its thumbprint (RFC 7638).',
  },
  KID_REPEATED: {
    severity: 'error',
    rule: 'RFC 7517 section 4.5; conformance suite: CheckDistinctKeyIdValueInServerJWKs',
    remedy: 'Give every key a kid of its own, such as its thumbprint (RFC 7638).',
  },
  KEY_TWICE: {
    severity: 'warning',
    rule: 'RFC 7517 section 4.5: a kid is what tells keys apart',
    remedy: 'Publish each key once; a new kid does not make a new key.',
  },
  USE_MISSING_AMONG_OTHERS: {
    severity: 'error',
    rule: 'OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2 (jwks_uri): use is REQUIRED for all keys when signing and encryption keys are both there',
    remedy: 'Say use: "sig" or "enc" on every key.',
  },
  RS256_WITHOUT_KEY: {
    severity: 'warning',
    rule: 'OpenID Connect Discovery 1.0 section 3: an algorithm that is listed is one that the OP can sign with',
    remedy: 'Publish an RSA key for RS256, or take RS256 out of the list where no client needs it.',
  },
  ALGORITHM_WITHOUT_KEY: {
    severity: 'note',
    rule: 'OpenID Connect Discovery 1.0 section 3: an algorithm that is listed is one that the OP can sign with',
    remedy: 'List what the keys can sign.',
  },
  ALGORITHM_NOT_LISTED: {
    severity: 'note',
    rule: 'OpenID Connect Discovery 1.0 section 3: some relying parties accept what is listed there and nothing else',
    remedy: 'List the algorithm in id_token_signing_alg_values_supported, if ID tokens are signed with it.',
  },
  ANSWERS_DIFFER: {
    severity: 'warning',
    rule: 'OpenID Connect Core 1.0 section 10.1.1: a relying party that gets an older set refuses tokens of a newer key',
    remedy: 'Ask each node with --resolve HOST:ADDRESS; wait for the spread before a new key signs.',
  },
  ETAG_OF_OTHER_CONTENT: {
    severity: 'warning',
    rule: 'RFC 9110 section 8.8.1: a strong validator changes whenever the content does',
    remedy: 'Make the ETag from the content; a CDN goes on with the older set otherwise.',
  },
} as const;

const found = finderOf(kindsOfJwks);

export function jwksRule(seen: Observation): readonly Finding[] {
  const objects = seen.jwks.filter(
    (document) => headersOf(document) !== undefined && isObject(document.json),
  );
  const lists = listsOf(seen);
  const keys = keysOf(seen);
  return oncePerPlace([
    ...(objects.some((document) => listOfKeys(document) === undefined)
      ? [found('KEYS_MISSING', 'jwks.keys', 'There is no array of this name.')]
      : []),
    ...(lists.some((list) => list.length === 0)
      ? [found('KEYS_EMPTY', 'jwks.keys', 'The set is empty.')]
      : []),
    ...lists
      .map(keysAmong)
      .flatMap((each) => [...aboutPurposes(each), ...aboutKids(each), ...aboutTwins(each)]),
    ...(lists.length > 1 ? aboutKidsOfAnswers(keys) : []),
    ...(keys.length > 0 ? aboutAlgorithms(seen, keys) : []),
    ...aboutRepetition(seen.jwks),
  ]);
}

function aboutPurposes(keys: readonly SeenKey[]): Finding[] {
  const others = keys.filter(({ jwk }) => isForEncryption(jwk));
  if (others.length === keys.length && keys.length > 0) {
    return [found('NO_KEY_FOR_SIGNATURES', 'jwks.keys', 'Every key is for encryption.')];
  }
  if (others.length === 0) return [];
  return keys
    .filter(({ jwk }) => jwk.use === undefined)
    .map(({ where }) =>
      found('USE_MISSING_AMONG_OTHERS', where, 'It has no "use", and the set has keys for encryption too.'),
    );
}

function aboutKids(keys: readonly SeenKey[]): Finding[] {
  const [alone] = keys;
  if (keys.length === 1 && alone!.jwk.kid === undefined) {
    const message =
      'It has none. Relying parties that find keys by their kid, such as AWS, refuse its tokens.';
    return [found('KID_MISSING', `${alone!.where}.kid`, message, 'warning')];
  }
  const known = new Map<unknown, string>();
  return keys.flatMap(({ jwk: { kid }, where }): Finding[] => {
    if (kid === undefined)
      return [found('KID_MISSING', `${where}.kid`, 'It has none, and is one of several keys.')];
    const earlier = known.get(kid);
    known.set(kid, where);
    return earlier === undefined
      ? []
      : [found('KID_REPEATED', `${where}.kid`, `${quoted(kid)} is the kid of ${earlier} too.`)];
  });
}

/** Two nodes may each have a key of their own under one kid. */
function aboutKidsOfAnswers(keys: readonly SeenKey[]): Finding[] {
  const known = new Map<unknown, SeenKey>();
  return keys.flatMap((key): Finding[] => {
    const { kid } = key.jwk;
    const earlier = known.get(kid);
    if (kid === undefined) return [];
    known.set(kid, key);
    return earlier === undefined || numbersOf(earlier.jwk) === numbersOf(key.jwk)
      ? []
      : [found('KID_REPEATED', `${key.where}.kid`, `${quoted(kid)} is the kid of ${earlier.where} too.`)];
  });
}

/** What makes it this key; undefined where nothing does. */
function numbersOf(jwk: Record<string, unknown>): string | undefined {
  const members = kindOf(jwk)?.members ?? [];
  return members.length === 0
    ? undefined
    : JSON.stringify([jwk.kty, jwk.crv, ...members.map((member) => jwk[member])]);
}

function aboutTwins(keys: readonly SeenKey[]): Finding[] {
  const known = new Map<string, SeenKey>();
  return keys.flatMap((key): Finding[] => {
    const numbers = numbersOf(key.jwk);
    if (numbers === undefined) return [];
    const earlier = known.get(numbers);
    known.set(numbers, key);
    // One RSA key may be published for two algorithms, under a kid of each.
    const isTwin = earlier && earlier.jwk.alg === key.jwk.alg && earlier.jwk.kid !== key.jwk.kid;
    return isTwin ? [found('KEY_TWICE', key.where, `It is the same key as ${earlier.where}.`)] : [];
  });
}

function aboutAlgorithms(seen: Observation, keys: readonly SeenKey[]): Finding[] {
  const listed = metadataOf(seen)?.id_token_signing_alg_values_supported;
  if (!Array.isArray(listed) || listed.length === 0) return [];
  const names = listed.filter((each) => typeof each === 'string');
  // What is signed with a client's secret, or with nothing, has no key here, and a key that says so is wrong by itself.
  const hasKey = (name: string) => !/^(none|HS\d+)$/.test(name);
  const without = names.filter((name) => hasKey(name) && !keys.some(({ jwk }) => canSignIn(jwk, name)));
  const where = 'discovery.id_token_signing_alg_values_supported';
  const others = without.filter((name) => name !== 'RS256');
  const unlisted = keys.filter(
    ({ jwk }) =>
      typeof jwk.alg === 'string' && hasKey(jwk.alg) && !isForEncryption(jwk) && !names.includes(jwk.alg),
  );
  return [
    ...(without.includes('RS256')
      ? [found('RS256_WITHOUT_KEY', where, 'It lists RS256, and no key can sign it.')]
      : []),
    ...(others.length > 0
      ? [found('ALGORITHM_WITHOUT_KEY', where, `It lists ${listOf(others)}, and no key can sign it.`)]
      : []),
    ...unlisted.map(({ jwk, where: place }) =>
      found(
        'ALGORITHM_NOT_LISTED',
        `${place}.alg`,
        `The metadata do not list ${quoted(jwk.alg)} for ID tokens.`,
      ),
    ),
  ];
}

function aboutRepetition(jwks: readonly SeenDocument[]): Finding[] {
  const answers = jwks.flatMap((document) => {
    const keys = listOfKeys(document);
    const etag = headersOf(document)?.etag;
    // Some put their keys, or the members of each, into another order each time.
    return keys
      ? {
          keys: contentOfList(keys),
          etag,
          text: document.text,
        }
      : [];
  });
  const [first, ...later] = answers;
  const other = later.find(({ keys }) => keys !== first!.keys);
  const sameTag = later.find(
    ({ etag, text }) =>
      etag !== undefined && !etag.startsWith('W/') && etag === first!.etag && text !== first!.text,
  );
  return [
    ...(other
      ? [
          found(
            'ANSWERS_DIFFER',
            'jwks',
            `The answers to ${jwks.length} requests have different keys: nodes or caches disagree.`,
          ),
        ]
      : []),
    ...(sameTag
      ? [
          found(
            'ETAG_OF_OTHER_CONTENT',
            'jwks header ETag',
            'Two answers have one ETag and different content.',
          ),
        ]
      : []),
  ];
}

/** SHA-256 of the public members, the JWK thumbprint (RFC 7638), of an RSA key. */
export function thumbprintOfRsa({ e, n }: Record<string, unknown>): string {
  return createHash('sha256')
    .update(JSON.stringify({ e, kty: 'RSA', n }))
    .digest('base64url');
}
