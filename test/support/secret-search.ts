import { KeyObject } from 'node:crypto';

import { derOf, jwkOf } from './keys.js';

/** A secret by the name under which a test reports it. */
export type Secrets = Readonly<Record<string, Buffer>>;

// Long enough not to occur by chance, short enough that half a line of a secret is found too.
const pieceLength = 20;

/**
 * Every way in which bytes get into a text. Base64 depends on what stands before, so there is one form for each of the
 * three places in a group; how a text is broken up, escaped or spelt in capitals is undone before it is searched.
 */
const encodings: Readonly<Record<string, (bytes: Buffer) => string[]>> = {
  text: (bytes) => [bytes.toString('latin1')],
  base64: (bytes) => [0, 1, 2].map((before) => base64Behind(before, bytes)),
  hex: (bytes) => [bytes.toString('hex')],
  'byte list': (bytes) => [bytes.join(',')],
  integer: (bytes) => [BigInt(`0x${bytes.toString('hex')}`).toString()],
};

function base64Behind(before: number, bytes: Buffer): string {
  const whole = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
  // The characters at both ends hold bits of the neighbours.
  return whole.slice(before === 0 ? 0 : before + 1, -2);
}

/** Finds secrets in whatever leaves the process. It looks up every piece of a text in one index, so size is no matter. */
export class SecretSearch {
  readonly #index = new Map<string, string[]>();

  constructor(secrets: Secrets) {
    for (const [name, bytes] of Object.entries(secrets)) {
      for (const [encoding, encode] of Object.entries(encodings)) {
        for (const form of encode(bytes)) this.#add(form, `${name} as ${encoding}`, encoding);
      }
    }
  }

  /** What is found, such as `RSA d as hex`. */
  in(output: string | Buffer): string[] {
    const text = typeof output === 'string' ? output : output.toString('latin1');
    const found = new Set<string>();
    for (const view of viewsOf(text)) {
      for (let start = 0; start + pieceLength <= view.length; start++) {
        const names = this.#index.get(view.slice(start, start + pieceLength)) ?? [];
        for (const name of names) found.add(name);
      }
    }
    return [...found].toSorted();
  }

  #add(form: string, name: string, encoding: string): void {
    const compact = encoding === 'text' ? compacted(form) : form;
    if (compact.length < pieceLength) throw new Error(`${name} is too short to be told from chance`);
    for (let start = 0; start < compact.length; start += pieceLength) {
      const end = Math.min(start + pieceLength, compact.length);
      const piece = compact.slice(end - pieceLength, end);
      this.#index.set(piece, [...(this.#index.get(piece) ?? []), name]);
    }
  }
}

/** The texts that one text may have been, before it was wrapped, quoted and escaped. */
function viewsOf(text: string): string[] {
  return [...new Set([text, percentDecoded(text)])].map(compacted).flatMap((plain) => [
    plain,
    plain.replaceAll('+', '-').replaceAll('/', '_'),
    // 0xAB, AB:CD, <Buffer ab cd>
    plain.toLowerCase().replaceAll(/0x|[:,-]/g, ''),
    // {"0":171,"1":205}
    plain.replaceAll(/["']?\d+["']?:(?=\d)/g, ''),
    // 1_234n
    plain.replaceAll(/(?<=\d)_(?=\d)/g, ''),
  ]);
}

/** What white space, escapes and quotes do to a text is undone, to a secret as to the text that is searched. */
function compacted(text: string): string {
  return (
    text
      // Without NUL, UTF-16 reads like Latin-1.
      .replaceAll('\0', '')
      .replaceAll(/\\+[nrt]/g, '')
      .replaceAll(/[\s\\]+/g, '')
      // Where `inspect` breaks a long string into lines.
      .replaceAll(/(['"`])\+\1/g, '')
  );
}

function percentDecoded(text: string): string {
  return text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** What of a private key must not leave: its private members, and its PEM wrapped in base64 once more. */
export function secretsOfKey(name: string, key: KeyObject): Secrets {
  const { d, p, q, dp, dq, qi } = jwkOf(key);
  const members = Object.entries({ d, p, q, dp, dq, qi }).flatMap(([member, value]) =>
    value === undefined ? [] : [[`${name} ${member}`, Buffer.from(value, 'base64url')] as const],
  );
  const forms = key.asymmetricKeyType === 'rsa' ? (['pkcs8', 'pkcs1'] as const) : (['pkcs8'] as const);
  const lines = forms.map((form) => [
    `${name} line of ${form} PEM`,
    pemLineWithin(derOf(key, form), members.at(-1)![1]),
  ]);
  return Object.fromEntries([...members, ...lines]) as Secrets;
}

/** An encrypted key: whoever has it can guess passphrases at leisure. */
export function secretsOfEncryptedKey(name: string, der: Buffer): Secrets {
  const bytes = der.subarray(-96);
  return { [name]: bytes, [`${name} line of PEM`]: pemLineWithin(der, bytes) };
}

/** A text, such as a passphrase. */
export function secretOfText(name: string, text: string): Secrets {
  return { [name]: Buffer.from(text) };
}

/** A token: its header only says which key signed. */
export function secretsOfToken(name: string, token: string): Secrets {
  const [, payload = '', signature = ''] = token.split('.');
  return {
    [name]: Buffer.from(`${payload}.${signature}`),
    [`signature of ${name}`]: Buffer.from(signature, 'base64url'),
  };
}

/** The longest text on one line of a PEM that these bytes alone decide. */
function pemLineWithin(der: Buffer, bytes: Buffer): Buffer {
  const start = der.indexOf(bytes);
  const from = Math.ceil((start * 4) / 3);
  const to = Math.floor(((start + bytes.length) * 4) / 3);
  const base64 = der.toString('base64');
  const lines = (base64.match(/.{1,64}/g) ?? []).map((_, index) =>
    base64.slice(Math.max(from, index * 64), Math.min(to, (index + 1) * 64)),
  );
  return Buffer.from(lines.reduce((longest, line) => (line.length > longest.length ? line : longest)));
}
