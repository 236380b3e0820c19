import { isObject } from '../../core/objects.js';
import type { SecretContent } from '../secret-driver.js';

/** Where a Secret is. */
export interface SecretName {
  readonly namespace: string;
  readonly name: string;
}

/** A Secret of the API, with every member that it came with. */
export interface SecretObject extends Readonly<Record<string, unknown>> {
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly uid: string;
    readonly resourceVersion: string;
  };
  readonly data?: Readonly<Record<string, string>> | null | undefined;
}

/** Whether an answer is this very Secret, whole. */
export function isSecret(value: unknown, { namespace, name }: SecretName): value is SecretObject {
  if (!isObject(value) || value.kind !== 'Secret' || !isObject(value.metadata)) return false;
  const { metadata, data } = value;
  return (
    metadata.namespace === namespace &&
    metadata.name === name &&
    isFilled(metadata.uid) &&
    isFilled(metadata.resourceVersion) &&
    (data === undefined || data === null || (isObject(data) && Object.values(data).every(isBase64)))
  );
}

/** A Secret that was deleted and made again is another one, whatever its number. */
export function versionOf({ metadata }: SecretObject): string {
  return `${metadata.uid}/${metadata.resourceVersion}`;
}

export function contentOf({ data }: SecretObject): Readonly<Record<string, Buffer>> {
  const fields = Object.entries(data ?? {}).map(
    ([name, value]) => [name, Buffer.from(value, 'base64')] as const,
  );
  return Object.fromEntries(fields);
}

/** A content as the API takes it. */
export function dataOf(content: SecretContent): Readonly<Record<string, string>> {
  const fields = Object.entries(content as Readonly<Record<string, string | Buffer>>);
  return Object.fromEntries(fields.map(([name, value]) => [name, Buffer.from(value).toString('base64')]));
}

/** What the API takes as the name of a field. */
export function isFieldName(name: string): boolean {
  return /^[-._a-zA-Z0-9]{1,253}$/.test(name) && !/^\.{1,2}$/.test(name);
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0;
}
