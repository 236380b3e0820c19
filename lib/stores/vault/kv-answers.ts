import { createHash } from 'node:crypto';

import { isObject } from '../../core/objects.js';
import { KeyStoreError } from '../key-store.js';
import type { Secret } from '../secret-driver.js';
import { strangeAnswer } from './refusals.js';
import type { VaultAnswer } from './vault-client.js';

/** What is at a path of KV. */
export interface Found {
  /** Undefined where nothing is there, or nothing any more. */
  readonly secret: Secret | undefined;
  /** The newest version, deleted or not; 0 where there never was one. */
  readonly number: number;
}

/** The mount is gone, or is of another version than it was. */
export const otherMount = Symbol('other mount');

/** What an answer of version 2 to a read means. */
export function foundIn(answer: VaultAnswer, where: string): Found | typeof otherMount {
  const { status, data, errors, date } = answer;
  const { metadata } = data;
  if (isOtherMount(answer)) return otherMount;
  if (isNothing(answer)) return { secret: undefined, number: 0 };
  if ((status !== 200 && status !== 404) || errors) throw strangeAnswer(where, status);
  // A secret of version 1, in which somebody has written as if it were of version 2.
  if (metadata === undefined && status === 200 && isObject(data.data)) return otherMount;
  if (!isObject(metadata)) throw strangeAnswer(where, status);
  const { version: number, created_time: created } = metadata;
  if (!Number.isSafeInteger(number) || (number as number) < 1 || typeof created !== 'string') {
    throw strangeAnswer(where, status);
  }
  const found = { number: number as number, secret: undefined };
  if (status === 404) return found;
  const content = data.data ?? {};
  if (!isObject(content)) throw strangeAnswer(where, status);
  const version = versionOf(found.number, created);
  return { ...found, secret: { content, version, date, since: Date.parse(created) / 1000 } };
}

/** The same for version 1, which counts nothing. */
export function foundInVersion1(answer: VaultAnswer, where: string): Found | typeof otherMount {
  const { status, data: content, date } = answer;
  if (isOtherMount(answer)) return otherMount;
  if (isNothing(answer)) return { secret: undefined, number: 0 };
  if (status !== 200) throw strangeAnswer(where, status);
  const digest = createHash('sha256').update(JSON.stringify(content)).digest('hex');
  return { secret: { content, version: digest, date }, number: 0 };
}

/** The counter starts again where a secret was deleted with all that is known of it, so the instant is a part of it. */
export function versionOf(number: number, created: string): string {
  return `${number}@${created}`;
}

/** That a policy does not allow something. */
export function forbidden(
  where: string,
  who: string,
  action: string,
  ...rules: readonly (readonly [path: string, capabilities: string])[]
): KeyStoreError {
  const policy = rules
    .map(([path, capabilities]) => `path "${path}" { capabilities = [${capabilities}] }`)
    .join(' ');
  return new KeyStoreError(
    'KEY_STORE_FORBIDDEN',
    `${where} may not be ${action} with ${who}. A policy of it has to say: ${policy}`,
  );
}

function isNothing({ status, errors }: VaultAnswer): boolean {
  return status === 404 && errors?.length === 0;
}

function isOtherMount({ status, errors = [], warnings }: VaultAnswer): boolean {
  if (status !== 404) return false;
  return (
    errors.some((error) => error.startsWith('no handler for route')) ||
    warnings.some((warning) => warning.startsWith('Invalid path for a versioned'))
  );
}
