import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { Figures } from '../../lib/core/key-set/figures.js';
import type { KeySetJwk } from '../../lib/core/key-set/key-set-document.js';
import type { KeySet } from '../../lib/core/key-set/key-set.js';
import type { MakeKey } from '../../lib/core/key-set/new-key.js';
import type { Outcome } from '../../lib/core/key-set/outcome.js';
import { readKeySet } from '../../lib/core/key-set/read-key-set.js';
import { runNow } from '../../lib/core/key/steps.js';
import { makeKeyPair } from './key-pairs.js';
import { ecKey } from './lives.js';

/** Propagation is 100, settling 30, and a key stays 1030 after its successor signs. */
export const figures: Figures = {
  jwksMaxAge: 70,
  keyRetention: 1000,
  keySpread: 20,
  clockSkew: 10,
  propagationFloor: 0,
};

/** An instant far enough from 1970 to be one; tests count from it. */
export const epoch = 1_900_000_000;

/** A key of a test. Instants count from {@link epoch}. */
export interface KeyOfTest {
  readonly kid: string;
  /** Default: ES256. */
  readonly alg?: 'ES256' | 'EdDSA';
  readonly iat?: number;
  readonly nbf?: number;
  readonly exp?: number;
  readonly revoked?: number;
  readonly signer?: string;
  /** Without its private half. */
  readonly isPublic?: boolean;
}

const keys = new Map<string, KeyObject>();

/** The same key each time it is asked for. */
export function privateKeyNamed(kid: string, alg: 'ES256' | 'EdDSA' = 'ES256'): KeyObject {
  const known = keys.get(`${alg} ${kid}`);
  const key = known ?? (alg === 'ES256' ? ecKey() : makeKeyPair('ed25519').privateKey);
  keys.set(`${alg} ${kid}`, key);
  return key;
}

export function jwkOf({ kid, alg = 'ES256', isPublic, revoked, signer, ...instants }: KeyOfTest): KeySetJwk {
  const privateKey = privateKeyNamed(kid, alg);
  const isGone = isPublic === true || revoked !== undefined || signer !== undefined;
  const jwk = (isGone ? createPublicKey(privateKey) : privateKey).export({ format: 'jwk' });
  const lives = Object.entries(instants).map(([name, instant]) => [name, epoch + instant]);
  return {
    ...(jwk as KeySetJwk),
    kid,
    alg,
    ...(Object.fromEntries(lives) as object),
    ...(revoked !== undefined && { revoked: { revoked_at: epoch + revoked } }),
    ...(signer !== undefined && { signer }),
  };
}

export function setOf(...entries: readonly KeyOfTest[]): KeySet {
  return runNow(readKeySet({ keys: entries.map(jwkOf) }, 'OIDC_PRIVATE_KEY'));
}

/** The keys of a set as a test writes them. */
export function told({ keys: all }: KeySet): KeyOfTest[] {
  return all.map((key) => {
    const { kid, iat, nbf, exp, revoked, signer, canSign } = key;
    const since = (instant: number | undefined) => (instant === undefined ? undefined : instant - epoch);
    const members = {
      kid,
      iat: since(iat),
      nbf: since(nbf),
      exp: since(exp),
      revoked: since(revoked?.revoked_at),
      signer,
      ...(key.alg === 'EdDSA' && { alg: 'EdDSA' as const }),
      ...(!canSign && revoked === undefined && { isPublic: true }),
    };
    return Object.fromEntries(
      Object.entries(members).filter(([, value]) => value !== undefined),
    ) as unknown as KeyOfTest;
  });
}

/** Makes the keys of these names, one after the other. Their kids are their thumbprints. */
export function making(...names: readonly string[]): MakeKey {
  const left = [...names];
  return (alg) => ({ privateKey: privateKeyNamed(left.shift()!, alg === 'EdDSA' ? 'EdDSA' : 'ES256') });
}

/** What was written; a test that is given something else fails with it. */
export function written(outcome: Outcome): KeySet {
  if (outcome.type !== 'write') throw new Error(`expected a write, and got ${JSON.stringify(outcome)}`);
  return outcome.keySet;
}
