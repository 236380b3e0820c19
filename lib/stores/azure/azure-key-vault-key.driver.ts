import { createHash } from 'node:crypto';

import type { Algorithm } from '../../core/algorithms.js';
import { KeyStoreError } from '../key-store.js';
import type { HeldKey, KeyWish, KmsDriver, KmsPlace } from '../kms-driver.js';
import { unlessAborted } from '../unless-aborted.js';
import { otherAnswer } from './azure-refusal.js';
import { vaultClient } from './key-vault-client.js';
import { askKeyVault } from './key-vault-connection.js';
import type { CallOptions } from './key-vault-connection.js';
import { keysPackage } from './keys-package.js';
import type { Cryptography, KeyClient, VaultKey } from './keys-package.js';
import { heldKeyOf, keyVersionIn } from './vault-key.js';
import { inOrder } from './versions-in-order.js';
import type { Ordered } from './versions-in-order.js';

const atOnce = 8;
const sizes = [2048, 3072, 4096];
/** Where Azure's names for curves are not those of a JWK, no JWS has them. */
const curvesOf: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** A key of a vault, or one version of it. */
class AzureKeyVaultKey implements KmsDriver {
  readonly #client: KeyClient;
  readonly #where: string;
  /** The reference without a version. */
  readonly #reference: string;
  readonly #name: string;
  readonly #version: string | undefined;
  /** What signs, once it has signed; undefined where the first signature has failed. */
  #signer: Promise<Cryptography | undefined> | undefined;

  constructor(client: KeyClient, { place, where }: KmsPlace) {
    const [vault = '', name = '', version] = place.split('/');
    this.#client = client;
    this.#where = where;
    this.#reference = `azure-key-vault-key:${vault}/${name}`;
    this.#name = name;
    this.#version = version;
  }

  async publicKeys(signal: AbortSignal): Promise<readonly HeldKey[]> {
    if (this.#version === undefined) {
      const keys = await this.#everyVersion(signal);
      return keys.flatMap((key) => heldKeyOf(key, this.#reference) ?? []);
    }
    const key = await this.#read(this.#version, signal);
    if (key === 'missing') return [];
    if (key === 'disabled') throw this.#unusable('is disabled, and Key Vault does not show it. Enable it.');
    return [this.#held(key)];
  }

  async sign(data: Buffer, { names, hash }: Algorithm, signal: AbortSignal): Promise<Buffer> {
    if (hash === null) throw this.#unusable(`does not sign for ${names[0]}, which Key Vault does not have.`);
    const digest = createHash(hash).update(data).digest();
    for (;;) {
      const known = this.#signer;
      if (!known) return this.#signFirst(names[0], digest, signal);
      const signer = await unlessAborted(known, signal);
      if (signer) return this.#signBy(signer, names[0], digest, signal);
    }
  }

  async create(wish: KeyWish, signal: AbortSignal): Promise<HeldKey> {
    const make = this.#maker(wish);
    // The first call has no body: the SDK would send it twice, and once without a token.
    const before = await this.#everyVersion(signal);
    const hsm = before.at(-1)?.keyType?.endsWith('-HSM') === true;
    const { answer } = await askKeyVault(this.#where, {
      action: 'keys/create/action',
      signal,
      call: (options) => make({ ...options, hsm, keyOps: ['sign', 'verify'] }),
    });
    this.#check(answer, keyVersionIn(answer.properties)?.identifier);
    return this.#held(answer);
  }

  async disable(signal: AbortSignal): Promise<string> {
    const version = this.#version!;
    await askKeyVault(this.#where, {
      action: 'keys/update/action',
      signal,
      call: (options) =>
        this.#client.updateKeyProperties(this.#name, version, { ...options, enabled: false }),
    });
    return `Key Vault signs nothing with ${this.#where} any more, until somebody enables it again.`;
  }

  /**
   * The first signature is made alone: with it come the token, and the key, which the SDK looks at before. Those that wait
   * for it then do neither once more.
   */
  #signFirst(alg: string, digest: Buffer, signal: AbortSignal): Promise<Buffer> {
    const signer = this.#client.getCryptographyClient(this.#name, { keyVersion: this.#version! });
    const first = this.#signBy(signer, alg, digest, signal);
    this.#signer = first.then(
      () => signer,
      () => {
        this.#signer = undefined;
        return undefined;
      },
    );
    return first;
  }

  async #signBy(signer: Cryptography, alg: string, digest: Buffer, signal: AbortSignal): Promise<Buffer> {
    let identifier: unknown;
    const { answer } = await askKeyVault(this.#where, {
      action: 'keys/sign/action',
      signal,
      call: async (options) => {
        const onResponse: CallOptions['onResponse'] = (response) => {
          options.onResponse(response);
          identifier = identifierIn(response.bodyAsText);
        };
        try {
          return await signer.sign(alg, digest, { ...options, onResponse });
        } catch (error) {
          if (isOfSdk(error)) return 'refused by the SDK';
          throw error;
        }
      },
    });
    if (typeof answer === 'string') throw await this.#whyRefused(signal);
    const [name, version] = String(identifier).split('/').slice(-2);
    // What the SDK says of the version is what it was asked for, whatever was answered.
    if (!this.#isNamed(name) || version !== this.#version || !answer.result) {
      throw otherAnswer(this.#where);
    }
    return Buffer.from(answer.result);
  }

  /** The SDK goes by the key as it was when it first signed: it may have been changed since. */
  async #whyRefused(signal: AbortSignal): Promise<KeyStoreError> {
    this.#signer = undefined;
    const [held] = await this.publicKeys(signal);
    if (held?.refusal !== undefined) return this.#unusable(held.refusal);
    return new KeyStoreError(
      'KEY_STORE_KEY_UNUSABLE',
      `${this.#where} was not used as it was; it has been changed since. Ask again.`,
      { isTransient: true },
    );
  }

  #maker({ alg, algorithm, bits }: KeyWish): (options: object) => Promise<VaultKey> {
    const curve = curvesOf[algorithm.curve ?? ''];
    const isRsa = algorithm.keyType === 'rsa' && sizes.includes(bits);
    if (this.#version === undefined && isRsa) {
      return (options) => this.#client.createRsaKey(this.#name, { ...options, keySize: bits });
    }
    if (this.#version === undefined && curve !== undefined) {
      return (options) => this.#client.createEcKey(this.#name, { ...options, curve });
    }
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      this.#version === undefined
        ? `Key Vault makes no key ${algorithm.keyType === 'rsa' ? `of ${bits} bits ` : ''}for ${alg}. It has RSA of ` +
            `${sizes.join(', ')} bits, P-256, P-384 and P-521.`
        : `${this.#where} names one version. Name the key alone, and a new version of it is made.`,
    );
  }

  /** In order. Those are left out whose public key is not shown. */
  async #everyVersion(signal: AbortSignal): Promise<readonly VaultKey[]> {
    const versions = await this.#versions(signal);
    const keys: VaultKey[] = [];
    for (let from = 0; from < versions.length; from += atOnce) {
      const some = versions.slice(from, from + atOnce);
      const found = await Promise.all(some.map(({ identifier }) => this.#read(identifier, signal)));
      keys.push(...found.filter((each) => typeof each !== 'string'));
    }
    return keys;
  }

  async #versions(signal: AbortSignal): Promise<readonly Ordered[]> {
    const { answer } = await askKeyVault<readonly Ordered[]>(this.#where, {
      action: 'keys/read',
      signal,
      call: async (options) => {
        const versions: Ordered[] = [];
        for await (const properties of this.#client.listPropertiesOfKeyVersions(this.#name, options)) {
          const version = keyVersionIn(properties);
          if (!version || !this.#isNamed(properties.name)) throw otherAnswer(this.#where);
          versions.push(version);
        }
        return inOrder(versions);
      },
      answerIn: ({ status, code }) => (status === 404 && code === 'KeyNotFound' ? [] : undefined),
    });
    return answer;
  }

  async #read(version: string, signal: AbortSignal): Promise<VaultKey | 'missing' | 'disabled'> {
    const { answer } = await askKeyVault<VaultKey | 'missing' | 'disabled'>(this.#where, {
      action: 'keys/read',
      signal,
      call: async (options) => {
        const key = await this.#client.getKey(this.#name, { ...options, version });
        this.#check(key, version);
        return key;
      },
      answerIn: ({ status, code, innerCode }) => {
        if (status === 404 && code === 'KeyNotFound') return 'missing';
        return status === 403 && innerCode === 'KeyDisabled' ? 'disabled' : undefined;
      },
    });
    return answer;
  }

  #check({ properties }: VaultKey, version: string | undefined): void {
    const isAsked = version !== undefined && properties.version === version;
    if (!isAsked || !this.#isNamed(properties.name)) throw otherAnswer(this.#where);
  }

  #held(key: VaultKey): HeldKey {
    const held = heldKeyOf(key, this.#reference);
    if (!held)
      throw this.#unusable('is of a kind that signs nothing a JWS has. Name an RSA key, or one on P-256.');
    return held;
  }

  #unusable(refusal: string): KeyStoreError {
    return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${this.#where} ${refusal}`);
  }

  /** Names of keys are the same in capitals and in small letters. */
  #isNamed(name: string | undefined): boolean {
    return name?.toLowerCase() === this.#name.toLowerCase();
  }
}

/** The SDK refuses a key that is not valid now, or not for signing, by an error without any code. */
function isOfSdk(error: unknown): boolean {
  return error instanceof Error && error.name === 'Error' && !('code' in error) && !('statusCode' in error);
}

function identifierIn(body: string | null | undefined): unknown {
  try {
    return (JSON.parse(body ?? '') as { kid?: unknown }).kid;
  } catch {
    return undefined;
  }
}

/** @throws KeyStoreError */
export async function openAzureKeyVaultKey(place: KmsPlace): Promise<KmsDriver> {
  const [vault = ''] = place.place.split('/');
  return new AzureKeyVaultKey(await vaultClient(keysPackage, vault, place), place);
}
