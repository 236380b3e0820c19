import { AzureVaultDouble, Refusal } from './azure-vault.double.js';
import type { Answer, Call as VaultCall } from './azure-vault.double.js';

// A double, and not Azure's service. It is written from these pages, all read and none tried:
// https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
// https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
// https://learn.microsoft.com/azure/key-vault/general/rbac-guide

export type { Answer, Fault } from './azure-vault.double.js';

export type Action = 'getSecret' | 'setSecret' | 'readMetadata' | 'update';
type Call = VaultCall<Action>;

interface Version {
  readonly identifier: string;
  readonly value: string;
  /** In whole seconds since 1970, as the service has it. */
  readonly created: number;
  enabled: boolean;
  readonly contentType: string | undefined;
  readonly tags: Readonly<Record<string, string>> | undefined;
}

interface Stored {
  readonly versions: Version[];
  isDeleted?: boolean;
}

export class AzureKeyVaultDouble extends AzureVaultDouble<Action> {
  /** By how many versions the one without a version in its name lags behind, and the list. */
  lag = 0;
  lagOfList = 0;
  readonly #secrets = new Map<string, Stored>();

  /** As a person in the portal does. */
  put(name: string, value: string, attributes: Partial<Omit<Version, 'identifier' | 'value'>> = {}): string {
    const stored = this.#secrets.get(name) ?? { versions: [] };
    if (stored.isDeleted) throw new Refusal(409, 'Conflict', 'ObjectIsDeletedButRecoverable');
    this.#secrets.set(name, stored);
    const identifier = this.identifier();
    const { contentType, tags, created = this.now() } = attributes;
    stored.versions.push({ identifier, value, contentType, tags, created, enabled: true });
    return identifier;
  }

  delete(name: string): void {
    this.#secrets.get(name)!.isDeleted = true;
  }

  purge(name: string): void {
    this.#secrets.delete(name);
  }

  disable(name: string, identifier: string): void {
    this.#versions(name).find((each) => each.identifier === identifier)!.enabled = false;
  }

  /** In order of their creation. */
  versions(name: string): readonly Version[] {
    return this.#secrets.get(name)?.versions ?? [];
  }

  protected actionOf(method: string, [version]: readonly string[]): Action {
    if (method === 'PUT') return 'setSecret';
    if (method === 'PATCH') return 'update';
    return version === 'versions' ? 'readMetadata' : 'getSecret';
  }

  protected right({ action, place }: Call, url: URL, body: string): Answer {
    const [name = '', version = ''] = place.split('/');
    if (action === 'setSecret') {
      const { value, contentType, tags } = JSON.parse(body) as Version;
      if (Buffer.byteLength(value) > 25_600) throw new Refusal(400, 'BadParameter');
      this.put(name, value, { contentType, tags });
      return this.#described(url, name, this.#versions(name).at(-1)!);
    }
    const versions = this.#versions(name);
    if (action === 'readMetadata') {
      const shown = versions.slice(0, versions.length - this.lagOfList);
      return this.page(url, shown, (each) => this.#described(url, name, each, false));
    }
    const found =
      version === '' ? currentOf(versions, this.lag) : versions.find((each) => each.identifier === version);
    if (!found) throw new Refusal(404, 'SecretNotFound');
    if (action === 'update') {
      const { attributes } = JSON.parse(body) as { attributes?: { enabled?: boolean } };
      found.enabled = attributes?.enabled ?? found.enabled;
      return this.#described(url, name, found, false);
    }
    if (!found.enabled) throw new Refusal(403, 'Forbidden', 'SecretDisabled');
    return this.#described(url, name, found);
  }

  #described({ origin }: URL, name: string, version: Version, withValue = true): Answer {
    const { identifier, value, created, enabled, contentType, tags } = version;
    return {
      ...(withValue && { value }),
      id: `${origin}/secrets/${name}/${identifier}`,
      ...(contentType !== undefined && { contentType }),
      ...(tags && { tags }),
      attributes: { enabled, created, updated: created, recoveryLevel: 'Recoverable+Purgeable' },
    };
  }

  #versions(name: string): Version[] {
    const stored = this.#secrets.get(name);
    if (!stored || stored.isDeleted) throw new Refusal(404, 'SecretNotFound');
    return stored.versions;
  }
}

function currentOf(versions: readonly Version[], lag: number): Version | undefined {
  return versions[Math.max(versions.length - 1 - lag, 0)];
}
