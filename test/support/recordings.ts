import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { algorithmNamed } from '../../lib/core/algorithms.js';
import { root } from './processes.js';

/** What issuers made by others answered to a relying party. It is not part of the repository. */
const folder = resolve(root, '../shared/issuers');

interface RecordedAnswer {
  readonly url: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

interface Recording {
  readonly discovery: RecordedAnswer;
  readonly jwks?: RecordedAnswer;
}

/** What is wrong with a recorded issuer, as those say who recorded it. */
export interface Expectation {
  readonly sound: boolean;
  readonly faults: readonly { readonly rule: string; readonly where: string }[];
}

export interface RecordedIssuer extends Expectation {
  readonly name: string;
  readonly discovery: RecordedAnswer;
  readonly jwks: RecordedAnswer;
}

export interface RecordedJwk {
  readonly kty: string;
  readonly crv?: string;
  readonly use?: string;
  readonly alg?: string;
  readonly kid?: string;
}

export interface RecordedSet {
  readonly file: string;
  readonly contentType: string;
  /** To the byte. */
  readonly body: string;
  readonly keys: readonly RecordedJwk[];
}

/** The algorithm that a key without `alg` would be used with. */
const usual: Readonly<Record<string, string>> = {
  RSA: 'RS256',
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
  Ed25519: 'EdDSA',
};

export const algorithmOf = ({ kty, crv, alg = usual[crv ?? kty] }: RecordedJwk) => alg;

export function verifiesTokens(jwk: RecordedJwk): boolean {
  return (jwk.use ?? 'sig') === 'sig' && algorithmNamed(algorithmOf(jwk)) !== undefined;
}

function setIn(file: string): RecordedSet[] {
  const { jwks } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as Recording;
  if (jwks?.status !== 200) return [];
  const body = typeof jwks.body === 'string' ? jwks.body : JSON.stringify(jwks.body);
  const { keys } = JSON.parse(body) as { keys: RecordedJwk[] };
  return [{ file, body, keys, contentType: jwks.headers['content-type']! }];
}

/** None where the recordings are not beside the repository. */
export const recordedSets: readonly RecordedSet[] = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith('.json') && file !== 'expected.json')
      .flatMap(setIn)
  : [];

/** None where the recordings are not beside the repository. */
export const recordedIssuers: readonly RecordedIssuer[] = existsSync(folder)
  ? Object.entries(
      JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Record<string, Expectation>,
    ).map(([name, expectation]) => {
      const recording = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recording;
      return { name, ...expectation, discovery: recording.discovery, jwks: recording.jwks! };
    })
  : [];

export function bodyOf({ body }: RecordedAnswer): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}
