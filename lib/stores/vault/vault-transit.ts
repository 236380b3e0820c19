import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { Algorithm } from '../../core/algorithms.js';
import type { HeldKey, KeyWish, KmsDriver, KmsPlace } from '../kms-driver.js';
import { KeyStoreError } from '../key-store.js';
import { wrappedKey } from '../wrapped-key.js';
import { escapedPath } from './escaped-path.js';
import { forbidden } from './kv-answers.js';
import { strangeAnswer } from './refusals.js';
import { heldKeyOf, transitKeyIn, transitTypeOf } from './transit-key.js';
import type { TransitKey } from './transit-key.js';
import type { VaultAnswer, VaultRequest } from './vault-client.js';
import type { VaultSession } from './vault-session.js';

/** A key of Transit, or one version of it. */
export class VaultTransit implements KmsDriver {
  readonly #session: VaultSession;
  readonly #where: string;
  /** The reference without a version. */
  readonly #reference: string;
  readonly #mount: string;
  readonly #key: string;
  readonly #version: number | undefined;

  constructor(session: VaultSession, { place, where }: Pick<KmsPlace, 'place' | 'where'>) {
    const [, mount = '', key = '', version] = /^(.*)\/([^/#]+)(?:#(\d+))?$/s.exec(place) ?? [];
    this.#session = session;
    this.#where = where;
    this.#reference = `vault-transit:${mount}/${key}`;
    this.#mount = mount;
    this.#key = key;
    this.#version = version === undefined ? undefined : Number(version);
  }

  async publicKeys(signal: AbortSignal): Promise<readonly HeldKey[]> {
    const key = await this.#read(signal);
    const wanted = key?.versions.filter(({ number }) => number === (this.#version ?? number)) ?? [];
    return wanted.map((each) => heldKeyOf(key!, each, this.#reference));
  }

  async sign(data: Buffer, algorithm: Algorithm, signal: AbortSignal): Promise<Buffer> {
    const { hash, keyType, names } = algorithm;
    // Never the newest by default: that may be one that relying parties do not know yet.
    const version = this.#version!;
    const path = `${this.#mount}/sign/${this.#key}${hash === null ? '' : `/sha2-${hash.slice(3)}`}`;
    const scheme = names[0].startsWith('PS')
      ? { signature_algorithm: 'pss', salt_length: 'hash' }
      : { signature_algorithm: 'pkcs1v15' };
    const answer = await this.#ask('POST', path, signal, {
      input: data.toString('base64'),
      key_version: version,
      marshaling_algorithm: 'jws',
      ...(keyType === 'rsa' && scheme),
    });
    if (answer.status === 403) throw this.#forbidden('used', [path, '"update"']);
    this.#refuseOtherMount(answer);
    if (answer.status !== 200) throw this.#unusable(answer);
    const { signature, key_version: answered } = answer.data;
    const [, number, text] =
      /^vault:v(\d+):([\w+/=-]+)$/.exec(typeof signature === 'string' ? signature : '') ?? [];
    if (text === undefined || Number(number) !== version || (answered ?? version) !== version) {
      throw strangeAnswer(this.#where, answer.status);
    }
    // Both alphabets of base64, whatever the server took from "jws".
    return Buffer.from(text, 'base64');
  }

  async create({ algorithm, alg, bits }: KeyWish, signal: AbortSignal): Promise<HeldKey> {
    const type = this.#typeFor(algorithm, alg, bits);
    const before = await this.#readOf(type, alg, signal);
    const path = before ? `${this.#path}/rotate` : this.#path;
    const answer = await this.#ask('POST', path, signal, before ? {} : { type });
    if (answer.status === 403) throw this.#forbidden('made', [path, '"update"']);
    if (answer.status !== 200 && answer.status !== 204) throw this.#unusable(answer);
    return this.#newest(before, signal);
  }

  async take(
    privateKey: KeyObject,
    { algorithm, alg, bits }: KeyWish,
    signal: AbortSignal,
  ): Promise<HeldKey> {
    const type = this.#typeFor(algorithm, alg, bits);
    const before = await this.#readOf(type, alg, signal);
    const path = `${this.#path}/${before ? 'import_version' : 'import'}`;
    const wrapping = `${this.#mount}/wrapping_key`;
    const asked = await this.#ask('GET', wrapping, signal);
    if (asked.status === 403) throw this.#forbidden('imported', [wrapping, '"read"'], [path, '"update"']);
    const ciphertext = wrapped(privateKey, asked.data.public_key);
    if (asked.status !== 200 || ciphertext === undefined) throw strangeAnswer(this.#where, asked.status);
    const body = before
      ? { ciphertext, hash_function: 'SHA256' }
      : { type, ciphertext, hash_function: 'SHA256', allow_rotation: true };
    const answer = await this.#ask('POST', path, signal, body);
    if (answer.status === 403) throw this.#forbidden('imported', [path, '"update"']);
    if (answer.status !== 204 && answer.status !== 200) throw this.#unusable(answer);
    return this.#newest(before, signal);
  }

  async disable(signal: AbortSignal): Promise<string> {
    const key = await this.#read(signal);
    const version = this.#version!;
    const next = key?.versions.find(({ number }) => number > version);
    if (!key || version < key.signsFrom) return `${this.#where} signs nothing any more.`;
    if (!next) {
      return (
        `Transit cannot disable the newest version of a key, so ${this.#where} still signs for whoever may ask. ` +
        'Take the right to sign away from whoever has it, or rotate the key and set min_encryption_version.'
      );
    }
    const others = key.versions.filter(({ number }) => number < version && number >= key.signsFrom).length;
    if (others > 0) {
      return (
        `Transit disables versions from below only, and ${others} older ${others === 1 ? 'one' : 'ones'} of this key may ` +
        `still be in use. Set min_encryption_version to ${next.number} when they are not.`
      );
    }
    const path = `${this.#path}/config`;
    const answer = await this.#ask('POST', path, signal, { min_encryption_version: next.number });
    if (answer.status === 403) throw this.#forbidden('disabled', [path, '"update"']);
    if (answer.status !== 200 && answer.status !== 204) throw this.#unusable(answer);
    return `Transit signs nothing with ${this.#where} any more (min_encryption_version is ${next.number}).`;
  }

  close(): void {
    this.#session.close();
  }

  get #path(): string {
    return `${this.#mount}/keys/${this.#key}`;
  }

  #typeFor(algorithm: Algorithm, alg: string, bits: number): string {
    const type = transitTypeOf(algorithm, bits);
    if (this.#version === undefined && type !== undefined) return type;
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      this.#version === undefined
        ? `Transit makes no key of ${bits} bits for ${alg}. It has 2048, 3072 and 4096.`
        : `${this.#where} names one version. Name the key alone, and a new version of it is made.`,
    );
  }

  async #newest(before: TransitKey | undefined, signal: AbortSignal): Promise<HeldKey> {
    const key = await this.#read(signal);
    const made = key?.versions.find(({ number }) => number === key.latest);
    if (key && made && key.latest > (before?.latest ?? 0)) return heldKeyOf(key, made, this.#reference);
    throw strangeAnswer(this.#where, 200);
  }

  /** A key makes versions of its own type, whatever is asked for. */
  async #readOf(type: string, alg: string, signal: AbortSignal): Promise<TransitKey | undefined> {
    const key = await this.#read(signal);
    if (!key || key.type === type) return key;
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${this.#where} is of another type than ${type}, which this key of ${alg} would be. Name another key, or with --bits the ` +
        'size that this one has.',
    );
  }

  async #read(signal: AbortSignal): Promise<TransitKey | undefined> {
    const answer = await this.#ask('GET', this.#path, signal);
    const { status, data } = answer;
    if (status === 403) throw this.#forbidden('read', [this.#path, '"read"']);
    this.#refuseOtherMount(answer);
    if (status === 404) return undefined;
    const key = status === 200 ? transitKeyIn(data) : undefined;
    if (!key) throw strangeAnswer(this.#where, status);
    return key;
  }

  #ask(
    method: VaultRequest['method'],
    path: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<VaultAnswer> {
    return this.#session.request({ method, path: escapedPath(path), signal, ...(body && { body }) });
  }

  #refuseOtherMount({ status, errors = [] }: VaultAnswer): void {
    // Where something else is said of the API's own path, that is what was written.
    if (status !== 404 || errors.length === 0) return;
    if (this.#hasPathOfApi) {
      throw new KeyStoreError('KEY_STORE_MISCONFIGURED', `${this.#where} is not there. ${this.#withoutKeys}`);
    }
    if (!errors.some((error) => error.startsWith('no handler for route'))) return;
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${this.#where} is in no mount of this server. \`bao secrets enable -path=${this.#mount} transit\` makes one.`,
    );
  }

  /** Whether the name looks as the path of the API does, which a mount may be called, too. */
  get #hasPathOfApi(): boolean {
    return this.#mount.endsWith('/keys');
  }

  get #withoutKeys(): string {
    return `Name the key without keys/ before it: ${this.#reference.replace(/\/keys\/(?=[^/]+$)/, '/')}.`;
  }

  /** Transit says what is wrong with a request in words alone: its status may be that of an outage. */
  #unusable({ status, errors = [] }: VaultAnswer): KeyStoreError {
    const [known] = mistakes.filter(([words]) => errors.some((error) => error.includes(words)));
    return new KeyStoreError(
      'KEY_STORE_KEY_UNUSABLE',
      `${this.#where} ${known?.[1] ?? `is not used as it was asked for (${status}). Check its type and its settings in Transit.`}`,
    );
  }

  #forbidden(action: string, ...rules: readonly (readonly [string, string])[]): KeyStoreError {
    const error = forbidden(this.#where, this.#session.credentials.name, action, ...rules);
    return this.#hasPathOfApi
      ? new KeyStoreError(error.code, `${this.#withoutKeys} Else: ${error.message}`)
      : error;
  }
}

/** What Transit says of mistakes, and what they are. */
const mistakes: readonly (readonly [words: string, meaning: string])[] = [
  ['higher than the latest key version', 'names a version that is not there. Check the number.'],
  [
    'less than the minimum encryption key version',
    'is below the floor of its key (min_encryption_version). Lower it, or rotate.',
  ],
  ['no such key version', 'is below the floor of its key (min_decryption_version), or was trimmed.'],
  ['soft-deleted', 'is deleted (soft_deleted). Restore it with soft-delete-restore.'],
  ['signing key not found', 'is not there. `npx nestjs-oidc-key init --to` makes a key.'],
  ['does not allow rotation', 'was imported without allow_rotation, so that Transit makes no version of it.'],
  ['import', 'does not take this key: it is of another type, or has versions that Transit made.'],
];

function wrapped(privateKey: KeyObject, wrappingKey: unknown): string | undefined {
  if (typeof wrappingKey !== 'string') return undefined;
  return wrappedKey(privateKey, createPublicKey(wrappingKey)).toString('base64');
}
