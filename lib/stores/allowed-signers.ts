import { OidcKeyError } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import { readJson } from '../core/reading/json.js';
import type { SignerReference } from './key-store.js';
import { allowanceFor, kmsReferenceIn } from './kms-reference.js';

/** A reference that configuration allows, and what it says beside the name. */
interface Allowed {
  readonly name: string;
  /** With its question mark; empty where there is none. */
  readonly query: string;
  readonly client: unknown;
  readonly setting: SignerReference['setting'];
}

/** The references that a key set may name (`OIDC_SIGNERS`). */
export class AllowedSigners {
  readonly #all: readonly Allowed[];
  readonly #where: string;

  /**
   * @param value references between which commas or white space stand, or a list of them; undefined allows none
   * @param where how messages call what holds them
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
   */
  constructor(value: unknown, where: string) {
    this.#where = where;
    this.#all = listed(value, where).map(({ reference, client, setting }) => {
      const [, name = '', query = ''] = /^([a-z][a-z0-9-]+:[^?]*)(\?.*)?$/s.exec(reference) ?? [];
      if (name !== '') return { name, query, client, setting };
      throw new OidcKeyError(
        'OIDC_KEY_INVALID_OPTION',
        `${where} has an entry that is no reference of a KMS, such as vault-transit:transit/oidc.`,
      );
    });
  }

  /**
   * The reference with what configuration says beside its name: of the entry that says most of it.
   *
   * @throws OidcKeyError `OIDC_KEY_SIGNER_NOT_ALLOWED`
   */
  find(reference: string, nameOfKey: string): SignerReference {
    if (reference.includes('?')) {
      throw new OidcKeyError(
        'OIDC_KEY_SIGNER_NOT_ALLOWED',
        `${nameOfKey} has a signer with a query. What is behind a question mark comes from ${this.#where} alone.`,
      );
    }
    const [longest] = this.#all
      .filter(({ name }) => beginsWith(reference, name))
      .toSorted((a, b) => b.name.length - a.name.length);
    if (longest) {
      const { query, client, setting } = longest;
      return { reference: reference + query, client, setting };
    }
    throw new OidcKeyError(
      'OIDC_KEY_SIGNER_NOT_ALLOWED',
      `${nameOfKey} has a signer that ${this.#where} does not allow. ${remedyFor(reference)}`,
    );
  }
}

/** What was written is not repeated where it is no reference: people do put the key itself there. */
function remedyFor(reference: string): string {
  try {
    const { where } = kmsReferenceIn(reference, 'The "signer" of a key');
    return `It is ${where}: if this issuer is to sign with it, add ${allowanceFor(where)} to what is listed there.`;
  } catch {
    return 'It is no reference of a KMS. Name the key as the KMS has it.';
  }
}

function listed(value: unknown, where: string): readonly SignerReference[] {
  if (value === undefined) return [];
  const json: unknown = typeof value === 'string' && /^\s*\[/.test(value) ? readJson(value)?.value : value;
  const list: unknown = typeof json === 'string' ? json.split(/[\s,]+/).filter((each) => each !== '') : json;
  const entries = Array.isArray(list) ? list.map(entryOf) : [undefined];
  if (!entries.includes(undefined)) return entries as readonly SignerReference[];
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${where} has to be a list of references, with commas or white space between them. An entry that is an object has a ` +
      '"reference", and may have a "client" and a function "setting".',
  );
}

function entryOf(entry: unknown): SignerReference | undefined {
  if (typeof entry === 'string') return { reference: entry };
  const { reference, client, setting } = isObject(entry) ? entry : {};
  if (setting !== undefined && typeof setting !== 'function') return undefined;
  return typeof reference === 'string'
    ? { reference, client, setting: setting as SignerReference['setting'] }
    : undefined;
}

/** Up to where a name ends, so that `oidc` does not allow `oidc2`. Attributes of PKCS#11 have no order (RFC 7512). */
function beginsWith(reference: string, allowed: string): boolean {
  if (allowed.startsWith('pkcs11:')) {
    const attributes = (of: string) => of.slice('pkcs11:'.length).split(';');
    const given = new Set(attributes(reference));
    const wanted = attributes(allowed).filter((each) => each !== '');
    return reference.startsWith('pkcs11:') && wanted.every((each) => given.has(each));
  }
  if (!reference.startsWith(allowed)) return false;
  return /[:/]$/.test(allowed) || /^(?:$|[/#])/.test(reference.slice(allowed.length));
}
