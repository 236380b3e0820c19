import type { JSONWebKeySet } from 'jose';

import { isObject } from '../../core/objects.js';
import { wordsOf } from '../../core/words-of-error.js';
import { BrokenRotationError } from './broken-rotation-error.js';

/** A JWKS, and the answer that it came in, whose body is read. */
export interface FetchedJwks {
  readonly response: Response;
  readonly jwks: JSONWebKeySet;
}

/** @throws BrokenRotationError `JWKS_UNUSABLE` */
export async function fetchJwks(jwksUri: URL, now: number, init?: RequestInit): Promise<FetchedJwks> {
  const unusable = (message: string) =>
    new BrokenRotationError('JWKS_UNUSABLE', `${jwksUri.href}: There is no JWKS: ${message}.`, new Date(now));
  let response: Response;
  try {
    response = await fetch(jwksUri, { ...init, redirect: 'manual' });
  } catch (error) {
    throw unusable(`nothing answers (${wordsOf(error)})`);
  }
  const text = await response.text();
  if (response.status === 429) {
    throw unusable(
      'the answer is 429 (too many requests). A test asks some hundred times: leave the rate limit out of it',
    );
  }
  if (response.status !== 200) throw unusable(`the answer is ${response.status}`);
  const jwks = jsonOf(text);
  if (!isObject(jwks) || !('keys' in jwks) || !Array.isArray(jwks.keys) || !jwks.keys.every(isObject)) {
    throw unusable(
      `the answer is no JSON object with a list "keys" (${response.headers.get('content-type')})`,
    );
  }
  return { response, jwks: jwks as unknown as JSONWebKeySet };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What it is instead is said by its content type.
    return undefined;
  }
}
