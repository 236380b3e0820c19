import { KeyStoreError } from '../key-store.js';

/** What a URI of PKCS#11 names by its path (RFC 7512 section 2.3), as far as it matters here. */
export interface Pkcs11Uri {
  readonly token: TokenName;
  readonly key: KeyName;
}

/** A token. Its label is what people give it; slots get other numbers as they come and go. */
export interface TokenName {
  readonly token: string;
  readonly serial?: string | undefined;
  readonly manufacturer?: string | undefined;
  readonly model?: string | undefined;
}

/** A key on a token: CKA_LABEL and CKA_ID. */
export interface KeyName {
  readonly object?: Buffer | undefined;
  readonly id?: Buffer | undefined;
}

const names = ['token', 'serial', 'manufacturer', 'model', 'object', 'id', 'type'] as const;
type Name = (typeof names)[number];

/**
 * What the path of a URI names.
 *
 * @param path without `pkcs11:` and without the query
 * @throws KeyStoreError `KEY_STORE_MISCONFIGURED`
 */
export function pkcs11UriIn(path: string, where: string): Pkcs11Uri {
  const refuse = (why: string) => new KeyStoreError('KEY_STORE_MISCONFIGURED', `${where} ${why}`);
  const found = new Map<Name, Buffer>();
  for (const part of path.split(';')) {
    const [, text = '', value = ''] = /^([a-z-]+)=(.+)$/s.exec(part) ?? [];
    const name = names.find((each) => each === text);
    if (!name)
      throw refuse(`is no URI of PKCS#11: its path has ${names.join(', ')}, and none of them empty.`);
    if (found.has(name)) throw refuse(`has ${name} twice. Leave one away.`);
    const bytes = bytesOf(value);
    if (!bytes) throw refuse(`has a % in ${name} that no two hexadecimal digits follow. Write it as %25.`);
    found.set(name, bytes);
  }
  const textOf = (name: Name) => found.get(name)?.toString();
  const token = textOf('token');
  if (token === undefined) throw refuse('names no token. Add token= with its label.');
  if ((textOf('type') ?? 'private') !== 'private') {
    throw refuse('names something else than a private key. Leave type away.');
  }
  return {
    token: {
      token,
      serial: textOf('serial'),
      manufacturer: textOf('manufacturer'),
      model: textOf('model'),
    },
    key: { object: found.get('object'), id: found.get('id') },
  };
}

/** The attribute that names a key by its CKA_ID. Every byte is escaped, as other programs write it. */
export function idAttribute(id: Uint8Array): string {
  return `id=${Array.from(id, (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('')}`;
}

/** How messages call a token. */
export function tokenReference({ token }: TokenName): string {
  return `pkcs11:token=${encodeURIComponent(token)}`;
}

/** An id is any bytes, which `decodeURIComponent` refuses. */
function bytesOf(text: string): Buffer | undefined {
  if (/%(?![\da-f]{2})/i.test(text)) return undefined;
  const parts = text.split(/(%[\da-f]{2})/i);
  return Buffer.concat(
    parts.map((part, index) => (index % 2 === 1 ? Buffer.from(part.slice(1), 'hex') : Buffer.from(part))),
  );
}
