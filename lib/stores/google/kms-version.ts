import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { isObject } from '../../core/objects.js';
import { crc32c } from './crc32c.js';
import { googleAlgorithm } from './kms-algorithms.js';
import type { GoogleAlgorithm } from './kms-algorithms.js';
import type { AnsweredVersion } from './kms-client.js';

/** The states that matter here: the name, or the number of the proto file, as the SDK was made. */
const states = { ENABLED: 1, DISABLED: 2, PENDING_GENERATION: 5 } as const;
export type State = keyof typeof states | 'unusable';

/** A version of a key, as Google describes it. */
export interface KeyVersion {
  readonly number: string;
  readonly state: State;
  readonly algorithm: GoogleAlgorithm | undefined;
  /** In seconds since 1970. */
  readonly since: number | undefined;
}

/** @returns undefined where it is no version of this key */
export function keyVersionIn(
  { name, state, algorithm, createTime }: AnsweredVersion,
  key: string,
): KeyVersion | undefined {
  const number = numberIn(name, key);
  if (number === undefined) return undefined;
  const [known] = Object.entries(states).find((each) => (each as unknown[]).includes(state)) ?? [];
  const since = Number(isObject(createTime) ? String(createTime.seconds) : NaN);
  return {
    number,
    state: (known as State | undefined) ?? 'unusable',
    algorithm: googleAlgorithm(algorithm),
    since: Number.isFinite(since) ? since : undefined,
  };
}

/** A project has a name and a number, and Google may answer with the other one. */
export function numberIn(name: unknown, key: string): string | undefined {
  const [, project, place, number] = partsOf(name) ?? [];
  const [, asked = '', placeAsked] = partsOf(`${key}/cryptoKeyVersions/0`)!;
  const isOfProject = project === asked || isNumber(project) !== isNumber(asked);
  return place === placeAsked && isOfProject ? number : undefined;
}

function partsOf(name: unknown): RegExpExecArray | undefined {
  const pattern = /^projects\/([^/]+)(\/.+)\/cryptoKeyVersions\/(\d{1,15})$/;
  return (typeof name === 'string' && pattern.exec(name)) || undefined;
}

function isNumber(project: string | undefined): boolean {
  return /^\d+$/.test(project ?? '');
}

/** Whether the checksum that came with bytes is theirs. */
export function isWhole(bytes: Uint8Array, checksum: unknown): boolean {
  const value = isObject(checksum) ? checksum.value : checksum;
  return String(value) === String(crc32c(bytes));
}

export function publicKeyIn(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
