import { generateKeyPair } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { AzureVaultDouble, Refusal } from '../stores/azure-vault.double.js';
import type { Answer, Call } from '../stores/azure-vault.double.js';
import { signEcdsa, signPkcs1, signPss } from './sign-digest.js';

// A double, and not Azure's service. It signs for real, with node:crypto. It is written from these pages, all read and none
// tried; the inner codes of a key that is not valid, or not for signing, are in none of them:
// https://learn.microsoft.com/rest/api/keyvault/keys/operation-groups
// https://learn.microsoft.com/azure/key-vault/keys/about-keys-details
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
// https://learn.microsoft.com/azure/key-vault/general/rbac-guide

export type Action = 'create' | 'read' | 'sign' | 'update';

interface Version {
  readonly identifier: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly kty: string;
  /** In whole seconds since 1970, as the service has it. */
  readonly created: number;
  enabled: boolean;
  operations: readonly string[];
  notBefore?: number | undefined;
  expires?: number | undefined;
  exportable?: boolean | undefined;
}

interface Wish {
  readonly kty: string;
  readonly key_size?: number;
  readonly crv?: string;
  readonly key_ops?: readonly string[];
}

export class AzureKeyVaultKeyDouble extends AzureVaultDouble<Action> {
  /** Whether who reads a version that is disabled is shown it. */
  showsDisabled = true;
  readonly #keys = new Map<string, Version[]>();

  /** As `az keyvault key create` does. */
  async create(name: string, { kty, key_size: bits, crv, key_ops: operations }: Wish): Promise<Version> {
    const generate = promisify(generateKeyPair);
    const pair = kty.startsWith('RSA')
      ? await generate('rsa', { modulusLength: bits ?? 2048 })
      : await generate('ec', { namedCurve: crv === 'P-256K' ? 'secp256k1' : (crv ?? 'P-256') });
    const version: Version = {
      ...pair,
      identifier: this.identifier(),
      kty,
      created: this.now(),
      enabled: true,
      operations: operations ?? ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'],
    };
    this.#keys.set(name, [...(this.#keys.get(name) ?? []), version]);
    return version;
  }

  /** In order of their creation. */
  versions(name: string): readonly Version[] {
    const versions = this.#keys.get(name);
    if (!versions) throw new Refusal(404, 'KeyNotFound');
    return versions;
  }

  version(name: string, identifier: string): Version {
    const found = this.versions(name).find((each) => each.identifier === identifier);
    if (!found) throw new Refusal(404, 'KeyNotFound');
    return found;
  }

  protected actionOf(method: string, rest: readonly string[]): Action {
    if (method === 'PATCH') return 'update';
    if (method === 'GET') return 'read';
    return rest.at(-1) === 'sign' ? 'sign' : 'create';
  }

  protected async right({ action, place }: Call<Action>, url: URL, body: string): Promise<Answer> {
    // Names are the same in capitals, and answered as they were first written.
    const [name = '', identifier = ''] = place.toLowerCase().split('/');
    if (action === 'create') {
      return this.#described(url, name, await this.create(name, JSON.parse(body) as Wish));
    }
    if (identifier === 'versions') {
      return this.page(url, this.versions(name), (each) => {
        const { key, attributes } = this.#described(url, name, each);
        return { kid: key.kid, attributes };
      });
    }
    const version = this.version(name, identifier);
    if (action === 'sign') return this.#sign(url, name, version, body);
    if (action === 'update') {
      const { attributes } = JSON.parse(body) as { attributes?: { enabled?: boolean } };
      version.enabled = attributes?.enabled ?? version.enabled;
    } else if (!version.enabled && !this.showsDisabled) {
      throw new Refusal(403, 'Forbidden', 'KeyDisabled');
    }
    return this.#described(url, name, version);
  }

  #sign(url: URL, name: string, version: Version, body: string): Answer {
    const { enabled, notBefore = 0, expires = Infinity, operations, privateKey } = version;
    if (!enabled) throw new Refusal(403, 'Forbidden', 'KeyDisabled');
    if (this.now() < notBefore) throw new Refusal(403, 'Forbidden', 'KeyNotYetValid');
    if (this.now() >= expires) throw new Refusal(403, 'Forbidden', 'KeyExpired');
    if (!operations.includes('sign')) throw new Refusal(403, 'Forbidden', 'KeyOperationForbidden');
    const { alg, value } = JSON.parse(body) as { alg: string; value: string };
    const digest = Buffer.from(value, 'base64url');
    const bits = Number(alg.slice(2));
    const isOfKey = alg.startsWith('ES') === version.kty.startsWith('EC');
    if (!isOfKey || digest.length * 8 !== bits) throw new Refusal(400, 'BadParameter');
    const signature = {
      RS: () => signPkcs1(`sha${bits}`, digest, privateKey),
      PS: () => signPss(`sha${bits}`, digest, privateKey),
      ES: () => Buffer.concat(signEcdsa(digest, privateKey)),
    }[alg.slice(0, 2)]!();
    const { key } = this.#described(url, name, version);
    return { kid: key.kid, value: signature.toString('base64url') };
  }

  #described({ origin }: URL, name: string, version: Version) {
    const { identifier, publicKey, kty, operations, created, enabled, notBefore, expires, exportable } =
      version;
    const { crv, ...members } = publicKey.export({ format: 'jwk' });
    return {
      key: {
        ...members,
        ...(crv !== undefined && { crv: crv === 'secp256k1' ? 'P-256K' : crv }),
        kid: `${origin}/keys/${name}/${identifier}`,
        kty,
        key_ops: operations,
      },
      attributes: {
        enabled,
        created,
        updated: created,
        recoveryLevel: 'Recoverable+Purgeable',
        ...(notBefore !== undefined && { nbf: notBefore }),
        ...(expires !== undefined && { exp: expires }),
        ...(exportable !== undefined && { exportable }),
      },
    };
  }
}
