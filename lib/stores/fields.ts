import { isObject } from '../core/objects.js';
import { textOfContent } from './content.js';
import { KeyStoreError } from './key-store.js';
import type { SecretContent } from './secret-driver.js';

const usualField = 'jwks';

type Fields = Readonly<Record<string, unknown>>;

/** Which field of a secret holds the key set: the one that the reference names, else `jwks`, else the only one. */
export interface FieldChoice {
  /** How messages call the secret. */
  readonly where: string;
  /** What stands behind the "#" of the reference. */
  readonly field: string | undefined;
}

/**
 * The text of the key set in a secret; empty where its field is not there.
 *
 * @throws KeyStoreError `KEY_STORE_NOT_READ` where it cannot be told which field is meant, or that field holds no text
 */
export function textIn(content: SecretContent, { where, field }: FieldChoice): string {
  const fields = fieldsOf(content, field, where);
  if (!fields) return textOf(content as string | Buffer);
  const name = nameIn(fields, { where, field });
  const value = Object.hasOwn(fields, name) ? fields[name] : '';
  if (typeof value === 'string' || Buffer.isBuffer(value)) return textOf(value);
  // Somebody put the document in as JSON, and not as a text.
  if (isObject(value)) return JSON.stringify(value);
  throw notRead(`${where} holds no text in the field ${quoted(name)}. Put the key set there as one string.`);
}

/**
 * The secret with this key set in it, and everything else as it was.
 *
 * @param content undefined where there is no secret yet
 * @param isFields whether a new secret of this kind is made of fields
 * @throws KeyStoreError `KEY_STORE_NOT_READ`, `KEY_STORE_NOT_WRITTEN`
 */
export function withText(
  content: SecretContent | undefined,
  text: string,
  { where, field, isFields }: FieldChoice & { readonly isFields: boolean },
): SecretContent {
  if (content === undefined) {
    if (isFields) return { [field ?? usualField]: text };
    return field === undefined ? text : JSON.stringify({ [field]: text });
  }
  const fields = fieldsOf(content, field, where);
  if (!fields) return text;
  const name = nameIn(fields, { where, field });
  const changed = { ...fields, [name]: text };
  if (Object.entries(fields).some(([each, value]) => each !== name && hasNumberThatIsLost(value))) {
    throw new KeyStoreError(
      'KEY_STORE_NOT_WRITTEN',
      `${where} holds a number in another field that would not survive being read and written. Put it in quotes, or keep ` +
        'the key set in a secret of its own.',
    );
  }
  return isObject(content) && !Buffer.isBuffer(content) ? changed : JSON.stringify(changed);
}

function fieldsOf(content: SecretContent, field: string | undefined, where: string): Fields | undefined {
  if (typeof content !== 'string' && !Buffer.isBuffer(content)) return content;
  const parsed = parsedObject(textOf(content));
  if (parsed && (field !== undefined || !isKeys(parsed))) return parsed;
  if (field === undefined || textOf(content).trim() === '') return undefined;
  throw notRead(
    `${where} is no JSON object, and so has no field ${quoted(field)}. Leave "#" and what follows it away.`,
  );
}

/** A JWK or a JWK Set, and not a secret that has such in a field. */
function isKeys(value: Fields): boolean {
  return 'kty' in value || Array.isArray(value.keys);
}

function parsedObject(text: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    // A PEM, or anything else that is no fields.
    return undefined;
  }
}

function nameIn(fields: Fields, { where, field }: FieldChoice): string {
  if (field !== undefined) return field;
  const names = Object.keys(fields);
  if (names.length === 0 || names.includes(usualField)) return usualField;
  if (names.length === 1) return names[0]!;
  throw notRead(
    `${where} has ${names.length} fields, and none is called "${usualField}". Name the one that holds the key set: ` +
      `${where}#FIELD.`,
  );
}

function textOf(content: string | Buffer): string {
  return typeof content === 'string' ? content : textOfContent(content);
}

function hasNumberThatIsLost(value: unknown): boolean {
  if (typeof value === 'number')
    return Number.isInteger(value) ? !Number.isSafeInteger(value) : !isShort(value);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return false;
  return Object.values(value).some(hasNumberThatIsLost);
}

/** What has more digits than a number keeps may have been written with others. */
function isShort(value: number): boolean {
  const digitsThatAreKept = 15;
  const digits = String(value)
    .replace(/e.*$/, '')
    .replaceAll(/^-?0\.0*|\D/g, '');
  return Number.isFinite(value) && digits.length <= digitsThatAreKept;
}

function quoted(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? `"${name}"` : 'that is named';
}

function notRead(message: string): KeyStoreError {
  return new KeyStoreError('KEY_STORE_NOT_READ', message);
}
