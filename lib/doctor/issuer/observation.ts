import type { IncomingHttpHeaders } from 'node:http';

import { isObject } from '../../core/objects.js';
import { isAnswer } from '../../network/answer.js';
import type { Answer, NoAnswer } from '../../network/answer.js';
import type { Finding } from '../finding.js';

/** The two documents of an issuer. */
export type DocumentName = 'discovery' | 'jwks';

/** Which standard the metadata of an issuer answers to. */
export type MetadataStandard = 'OpenID Connect Discovery' | 'RFC 8414';

/** What one request for a document brought. */
export interface SeenDocument {
  readonly name: DocumentName;
  readonly answer: Answer | NoAnswer;
  /** The text of an answer; undefined where its bytes are no UTF-8. */
  readonly text: string | undefined;
  /** Undefined where the text is no JSON, or nests too deep. */
  readonly json: unknown;
  /** JSON of more levels than whatever walks through it can bear. */
  readonly nestsTooDeep: boolean;
}

/** All that was seen of an issuer, for rules that look at it and at nothing else. */
export interface Observation {
  /** As the caller names it. */
  readonly issuer: string;
  readonly standard: MetadataStandard;
  /** Undefined where only the address of a JWKS is known. */
  readonly discovery: SeenDocument | undefined;
  /** The answers to several requests, in order. */
  readonly jwks: readonly SeenDocument[];
}

/** A rule looks at what was seen, and says what it finds. */
export type Rule = (seen: Observation) => readonly Finding[];

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function seenDocument(name: DocumentName, answer: Answer | NoAnswer): SeenDocument {
  const text = isAnswer(answer) ? textOf(answer.body) : undefined;
  const json = text === undefined ? undefined : jsonOf(text.replace(/^\uFEFF/, ''));
  const nestsTooDeep = hasMoreLevelsThan(mostLevels, json);
  return { name, answer, text, json: nestsTooDeep ? undefined : json, nestsTooDeep };
}

const mostLevels = 100;

/** Level by level, since what calls itself for each is what they overflow. */
function hasMoreLevelsThan(most: number, value: unknown): boolean {
  let level = [value];
  for (let count = 0; level.length > 0; count++) {
    if (count > most) return true;
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? (Object.values(each) as unknown[]) : [],
    );
  }
  return false;
}

function textOf(body: Buffer): string | undefined {
  try {
    return utf8.decode(body);
  } catch {
    // Said by the rule that looks for it.
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Said by the rule that looks for it.
    return undefined;
  }
}

/** The headers of an answer that has a status of success. */
export function headersOf({ answer }: SeenDocument): IncomingHttpHeaders | undefined {
  return isAnswer(answer) && answer.status === 200 ? answer.headers : undefined;
}

/** The members of the metadata, where it can be read. */
export function metadataOf({
  discovery,
}: Pick<Observation, 'discovery'>): Record<string, unknown> | undefined {
  return discovery && headersOf(discovery) !== undefined && isObject(discovery.json)
    ? discovery.json
    : undefined;
}

/** A key of a JWK Set, and where it stands. */
export interface SeenKey {
  readonly jwk: Record<string, unknown>;
  readonly where: string;
}

/** The members of "keys", where there is such a list. */
export function listOfKeys(document: SeenDocument | undefined): readonly unknown[] | undefined {
  if (!document || headersOf(document) === undefined || !isObject(document.json)) return undefined;
  const { keys } = document.json;
  return Array.isArray(keys) ? keys : undefined;
}

/** The keys of the first answer that are objects. */
export function keysOf({ jwks }: Observation): readonly SeenKey[] {
  return (listOfKeys(jwks[0]) ?? []).flatMap((jwk, index) =>
    isObject(jwk) ? { jwk, where: `jwks.keys[${index}]` } : [],
  );
}

/** When the JWKS came, in milliseconds since 1970: the instant that rules speak of. */
export function nowOf({ jwks: [first] }: Observation): number {
  return first && isAnswer(first.answer) ? first.answer.answeredAt : 0;
}

/** An issuer whose tokens somebody verifies, and at which nobody logs in: a cluster, a CI, a mesh of services. */
export function hasKeysOnly(metadata: Record<string, unknown>): boolean {
  return metadata.authorization_endpoint === undefined && metadata.token_endpoint === undefined;
}
