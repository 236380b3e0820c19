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

/** What stands in the list of keys of an answer, and where. */
export interface SeenMember {
  readonly value: unknown;
  readonly where: string;
}

/** The lists of all answers whose content differs, in whatever order: nodes may disagree. */
export function listsOf({ jwks }: Observation): readonly (readonly SeenMember[])[] {
  const known = new Set<string>();
  return jwks.flatMap((document, number) => {
    const list = listOfKeys(document);
    const content = list && contentOfList(list);
    if (!list || known.has(content!)) return [];
    known.add(content!);
    const place = number === 0 ? 'jwks' : `jwks (answer ${number + 1})`;
    return [list.map((value, index) => ({ value, where: `${place}.keys[${index}]` }))];
  });
}

/** One text for one list of keys, in whatever order it and its members are. */
export function contentOfList(list: readonly unknown[]): string {
  return list.map(contentOf).toSorted().join();
}

export function contentOf(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(contentOf).join()}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([name, each]) => `${JSON.stringify(name)}:${contentOf(each)}`);
  return `{${members.toSorted().join()}}`;
}

/** Each member of any answer, once. */
export function membersOf(seen: Observation): readonly SeenMember[] {
  const lists = listsOf(seen);
  const [first = []] = lists;
  const known = new Set(lists.length > 1 ? first.map(({ value }) => contentOf(value)) : []);
  const later = lists.slice(1).flat();
  return [
    ...first,
    ...later.filter(({ value }) => {
      const content = contentOf(value);
      const isNew = !known.has(content);
      known.add(content);
      return isNew;
    }),
  ];
}

/** The members that are objects. */
export function keysAmong(members: readonly SeenMember[]): readonly SeenKey[] {
  return members.flatMap(({ value, where }) => (isObject(value) ? { jwk: value, where } : []));
}

/** The keys of all answers. */
export function keysOf(seen: Observation): readonly SeenKey[] {
  return keysAmong(membersOf(seen));
}

/** When the JWKS came, in milliseconds since 1970: the instant that rules speak of. */
export function nowOf({ jwks: [first] }: Observation): number {
  return first && isAnswer(first.answer) ? first.answer.answeredAt : 0;
}

/** An issuer whose tokens somebody verifies, and at which nobody logs in: a cluster, a CI, a mesh of services. */
export function hasKeysOnly(metadata: Record<string, unknown>): boolean {
  const { authorization_endpoint: authorization, token_endpoint: token } = metadata;
  // Kubernetes has a name there, urn:kubernetes:programmatic_authorization.
  const nobodyLogsIn =
    authorization === undefined || (typeof authorization === 'string' && authorization.startsWith('urn:'));
  return nobodyLogsIn && token === undefined;
}
