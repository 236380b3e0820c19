import { generateKeyPair, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';

import { checksum, GoogleApiDouble, Refusal } from '../stores/google-api.double.js';
import type { Answer, RestRequest } from '../stores/google-api.double.js';
import { derElement } from '../der.js';
import { signEcdsa, signPkcs1, signPss } from './sign-digest.js';

// A double, and not Google's service. It signs for real, with node:crypto. It is written from the SDK's proto file and
// these pages, all read and none tried:
// https://cloud.google.com/kms/docs/reference/rpc/google.cloud.kms.v1
// https://cloud.google.com/kms/docs/data-integrity-guidelines
// https://cloud.google.com/kms/docs/key-states
// https://cloud.google.com/kms/docs/reference/permissions-and-roles

export type Method =
  | 'AsymmetricSign'
  | 'CreateCryptoKey'
  | 'CreateCryptoKeyVersion'
  | 'GetCryptoKey'
  | 'GetCryptoKeyVersion'
  | 'GetPublicKey'
  | 'ListCryptoKeyVersions'
  | 'UpdateCryptoKeyVersion';

interface Version {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** In seconds since 1970. */
  readonly created: number;
  algorithm: string;
  state: string;
}

interface Key {
  readonly algorithm: string;
  readonly versions: Version[];
}

const protos = createRequire(import.meta.url)('@google-cloud/kms/build/protos/protos.json') as object;

export class GcpKmsDouble extends GoogleApiDouble<Method> {
  readonly keys = new Map<string, Key>();
  /** Key rings that are not there. */
  readonly missingRings = new Set<string>();
  /** How many versions a page has. */
  sizeOfPage = 1_000;
  /** How often a new version is looked at while it is generated. */
  generation: number | 'fails' = 1;
  protected readonly protos = protos;
  protected readonly service = ['google', 'cloud', 'kms', 'v1', 'KeyManagementService'];
  protected readonly permissions: Readonly<Record<Method, string>> = {
    AsymmetricSign: 'cloudkms.cryptoKeyVersions.useToSign',
    CreateCryptoKey: 'cloudkms.cryptoKeys.create',
    CreateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.create',
    GetCryptoKey: 'cloudkms.cryptoKeys.get',
    GetCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.get',
    GetPublicKey: 'cloudkms.cryptoKeyVersions.viewPublicKey',
    ListCryptoKeyVersions: 'cloudkms.cryptoKeyVersions.list',
    UpdateCryptoKeyVersion: 'cloudkms.cryptoKeyVersions.update',
  };
  readonly #looks = new Map<Version, number>();

  /** As `gcloud kms keys create` does, but for the first version. */
  createKey(name: string, algorithm: string): void {
    this.keys.set(name, { algorithm, versions: [] });
  }

  /** As `gcloud kms keys versions create` does, when it is over. */
  async addVersion(key: string, created = Math.floor(Date.now() / 1000)): Promise<Version> {
    const { algorithm, versions } = this.keys.get(key)!;
    const version = { ...(await pairFor(algorithm)), algorithm, created, state: 'ENABLED' };
    versions.push(version);
    return version;
  }

  version(name: string): Version {
    const [key = '', number] = name.split('/cryptoKeyVersions/');
    const version = this.#key(key).versions[Number(number) - 1];
    if (!version) throw new Refusal('NOT_FOUND', `CryptoKeyVersion ${name} not found.`);
    return version;
  }

  protected right(method: Method, name: string, request: Answer): Answer | Promise<Answer> {
    const answers: Record<Method, () => Answer | Promise<Answer>> = {
      AsymmetricSign: () => this.#sign(name, request),
      CreateCryptoKey: () => this.#createKey(name, request),
      CreateCryptoKeyVersion: () => this.#createVersion(name),
      GetCryptoKey: () => this.#describedKey(name),
      GetCryptoKeyVersion: () => this.#look(name),
      GetPublicKey: () => this.#publicKey(name),
      ListCryptoKeyVersions: () => this.#list(name, request),
      UpdateCryptoKeyVersion: () => this.#update(name, request),
    };
    return answers[method]();
  }

  protected overRest({ verb, name, action, query, body }: RestRequest): readonly [Method, Answer] {
    if (action === 'asymmetricSign') return ['AsymmetricSign', { ...body, name }];
    const [, version] = /^(.+)\/publicKey$/.exec(name) ?? [];
    if (version !== undefined) return ['GetPublicKey', { name: version }];
    const [, key] = /^(.+)\/cryptoKeyVersions$/.exec(name) ?? [];
    if (key !== undefined && verb === 'POST') return ['CreateCryptoKeyVersion', { parent: key }];
    if (key !== undefined) return ['ListCryptoKeyVersions', { ...query, parent: key }];
    const [, ring] = /^(.+)\/cryptoKeys$/.exec(name) ?? [];
    if (ring !== undefined) return ['CreateCryptoKey', { ...query, cryptoKey: body, parent: ring }];
    if (verb === 'PATCH') {
      const updateMask = { paths: query.updateMask!.split(',') };
      return ['UpdateCryptoKeyVersion', { cryptoKeyVersion: { ...body, name }, updateMask }];
    }
    return [name.includes('/cryptoKeyVersions/') ? 'GetCryptoKeyVersion' : 'GetCryptoKey', { name }];
  }

  #sign(name: string, request: Answer): Answer {
    const { algorithm, privateKey } = this.#enabled(name);
    const hash = hashOf(algorithm);
    const field = hash === null ? 'data' : 'digest';
    const digest = request.digest as Readonly<Record<string, unknown>> | null | undefined;
    const input = bytesIn(hash === null ? request.data : digest?.[hash]);
    if (input.length === 0) throw new Refusal('INVALID_ARGUMENT', `${field} is not of ${algorithm}.`);
    const sent = request[`${field}Crc32c`];
    const isSent = sent !== undefined && sent !== null;
    if (isSent && Number(numberIn(sent)) !== checksum(input)) {
      throw new Refusal(
        'INVALID_ARGUMENT',
        `The checksum in field ${field}_crc32c did not match the data in field ${field}.`,
      );
    }
    const signature = signed(algorithm, input, privateKey);
    return {
      name,
      signature,
      signatureCrc32c: { value: String(checksum(signature)) },
      verifiedDigestCrc32c: field === 'digest' && isSent,
      verifiedDataCrc32c: field === 'data' && isSent,
      protectionLevel: 'SOFTWARE',
    };
  }

  #publicKey(name: string): Answer {
    const { publicKey, algorithm } = this.#enabled(name);
    const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string;
    return { pem, algorithm, pemCrc32c: { value: String(checksum(Buffer.from(pem))) }, name };
  }

  #list(key: string, request: Answer): Answer {
    const { versions } = this.#key(key);
    const size = Math.min(Number(request.pageSize) || this.sizeOfPage, this.sizeOfPage);
    const from = Number(request.pageToken) || 0;
    // Newest first.
    const names = versions.map((_, index) => `${key}/cryptoKeyVersions/${index + 1}`).toReversed();
    return {
      cryptoKeyVersions: names.slice(from, from + size).map((name) => this.#described(name)),
      ...(from + size < names.length && { nextPageToken: String(from + size) }),
      totalSize: names.length,
    };
  }

  async #createKey(ring: string, request: Answer): Promise<Answer> {
    if (this.missingRings.has(ring)) throw new Refusal('NOT_FOUND', `KeyRing ${ring} not found.`);
    const name = `${ring}/cryptoKeys/${String(request.cryptoKeyId)}`;
    if (this.keys.has(name)) throw new Refusal('ALREADY_EXISTS', `CryptoKey ${name} already exists.`);
    const { purpose, versionTemplate } = request.cryptoKey as {
      purpose: string;
      versionTemplate: { algorithm: string };
    };
    if (named('CryptoKeyPurpose', purpose) !== 'ASYMMETRIC_SIGN') {
      throw new Refusal('INVALID_ARGUMENT', 'This double only signs.');
    }
    this.createKey(name, named('CryptoKeyVersionAlgorithm', versionTemplate.algorithm));
    if (String(request.skipInitialVersionCreation) !== 'true') await this.#createVersion(name);
    return this.#describedKey(name);
  }

  async #createVersion(key: string): Promise<Answer> {
    this.#key(key);
    const version = await this.addVersion(key);
    version.state = this.generation === 0 ? 'ENABLED' : 'PENDING_GENERATION';
    this.#looks.set(version, this.generation === 'fails' ? 1 : this.generation);
    return this.#described(`${key}/cryptoKeyVersions/${this.#key(key).versions.length}`);
  }

  /** Each look brings the end of the generation closer. */
  #look(name: string): Answer {
    const version = this.version(name);
    const left = this.#looks.get(version) ?? 0;
    if (version.state === 'PENDING_GENERATION' && left <= 0) {
      version.state = this.generation === 'fails' ? 'GENERATION_FAILED' : 'ENABLED';
    }
    this.#looks.set(version, left - 1);
    return this.#described(name);
  }

  #update(name: string, request: Answer): Answer {
    const version = this.version(name);
    const { paths } = request.updateMask as { paths: string[] };
    const { state } = request.cryptoKeyVersion as { state: string };
    if (!['ENABLED', 'DISABLED'].includes(version.state)) {
      throw new Refusal('FAILED_PRECONDITION', `${name} is ${version.state}.`);
    }
    if (paths.includes('state')) version.state = named('CryptoKeyVersionState', state);
    return this.#described(name);
  }

  #enabled(name: string): Version {
    const version = this.version(name);
    if (version.state === 'ENABLED') return version;
    throw new Refusal('FAILED_PRECONDITION', `${name} is not enabled, current state is: ${version.state}.`);
  }

  #described(name: string): Answer {
    const { state, algorithm, created } = this.version(name);
    return { name, state, algorithm, createTime: { seconds: String(created), nanos: 0 } };
  }

  #describedKey(name: string): Answer {
    const { algorithm } = this.#key(name);
    return { name, purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm, protectionLevel: 'SOFTWARE' } };
  }

  #key(name: string): Key {
    const key = this.keys.get(name);
    if (!key) throw new Refusal('NOT_FOUND', `CryptoKey ${name} not found.`);
    return key;
  }
}

/** Over REST the SDK sends the number that the proto file has for a name. */
function named(type: string, value: unknown): string {
  const [, names = '{}'] = new RegExp(`"${type}":\\{"values":(\\{.*?\\})`).exec(JSON.stringify(protos)) ?? [];
  const [name] = Object.entries(JSON.parse(names) as Record<string, number>).find((each) =>
    (each as unknown[]).includes(value),
  )!;
  return name;
}

function hashOf(algorithm: string): string | null {
  const [, hash] = /_(SHA\d+)$/.exec(algorithm) ?? [];
  return hash?.toLowerCase() ?? null;
}

function signed(algorithm: string, input: Buffer, key: KeyObject): Buffer {
  const hash = hashOf(algorithm);
  if (hash === null) return sign(null, input, key);
  if (algorithm.includes('_PKCS1_')) return signPkcs1(hash, input, key);
  if (algorithm.includes('_PSS_')) return signPss(hash, input, key);
  return derElement(0x30, Buffer.concat(signEcdsa(input, key).map(derInteger)));
}

/** No zero before it that it does not need, and one where its first bit is set (X.690 section 8.3). */
function derInteger(number: Buffer): Buffer {
  const digits = number.subarray(number.findIndex((byte) => byte !== 0));
  return derElement(0x02, digits[0]! & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits);
}

/** Over REST in base64. */
function bytesIn(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value, 'base64');
  return value instanceof Uint8Array ? Buffer.from(value) : Buffer.alloc(0);
}

/** Over REST without an object around it. */
function numberIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'value' in value ? value.value : value;
}

async function pairFor(algorithm: string): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  const generate = promisify(generateKeyPair);
  const [, bits] = /^RSA_\w+?_(\d{4})/.exec(algorithm) ?? [];
  if (bits !== undefined) return generate('rsa', { modulusLength: Number(bits) });
  const [, curve] = /^EC_SIGN_P(\d+)_/.exec(algorithm) ?? [];
  return curve === undefined ? generate('ed25519') : generate('ec', { namedCurve: `P-${curve}` });
}
