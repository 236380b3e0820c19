import { setTimeout as wait } from 'node:timers/promises';

import { KeyStoreError } from '../key-store.js';
import type { Secret, SecretContent, SecretDriver, SecretPlace } from '../secret-driver.js';
import { otherAnswer } from './azure-refusal.js';
import { vaultClient } from './key-vault-client.js';
import { askKeyVault } from './key-vault-connection.js';
import type { Answered } from './key-vault-connection.js';
import { secretsPackage } from './secrets-package.js';
import type { SecretClient } from './secrets-package.js';
import { besides, inOrder, versionIn } from './versions-in-order.js';
import type { Version } from './versions-in-order.js';

/** Writers that did not see each other are few. A base from which more has been written is of another store. */
const mostBetween = 256;
const atOnce = 8;
/** A version of this age, in seconds, ties with none that is still to come, however slow the answer was. */
const settledAge = 2;
/** The longest that a write waits for the next second, in milliseconds, whatever the clocks say. */
const longestWait = 2_000;

/** One version with its text. */
interface Found {
  readonly version: Version;
  readonly text: string;
}

type Access = Found | 'missing' | 'disabled';

/** A secret of a vault. It has versions, a time of creation for each in whole seconds, and no other order. */
class AzureKeyVault implements SecretDriver {
  readonly #client: SecretClient;
  readonly #name: string;
  readonly #where: string;
  /** What was read last, with the clock of the service (in seconds) and ours (in milliseconds) at that instant. */
  #read: { readonly version: Version; readonly date: number | undefined; readonly at: number } | undefined;
  /** The version that was the newest once nothing could tie with it any more: while it is current, nothing was written. */
  #settled: string | undefined;

  constructor(client: SecretClient, name: string, where: string) {
    this.#client = client;
    this.#name = name;
    this.#where = where;
  }

  async read(signal: AbortSignal): Promise<Secret | undefined> {
    const { answer: found, date } = await this.#newest(signal);
    this.#read = found && { version: found.version, date, at: performance.now() };
    return found && { content: found.text, version: found.version.identifier, date };
  }

  async write(content: SecretContent, expected: string | undefined, signal: AbortSignal): Promise<boolean> {
    // Whoever has read has asked the client already: the SDK sends the body of a first request twice, and once without
    // a token, where two are first at once.
    if (expected === undefined && (await this.read(signal))) return false;
    await this.#nextSecond(signal);
    const { contentType, tags } = this.#read?.version ?? {};
    this.#settled = undefined;
    await askKeyVault(this.#where, {
      action: 'secrets/setSecret/action',
      signal,
      call: (options) =>
        this.#client.setSecret(this.#name, content as string, { ...options, contentType, tags }),
    });
    return true;
  }

  async between(base: string, version: string, signal: AbortSignal): Promise<readonly Secret[]> {
    const { answer: versions } = await this.#versions(signal);
    const wanted = besides(versions, base, version).filter(({ isEnabled }) => isEnabled);
    const rest = wanted.slice(-mostBetween);
    const secrets: Secret[] = [];
    while (rest.length > 0) {
      const answers = await Promise.all(
        rest.splice(0, atOnce).map(({ identifier }) => this.#access(identifier, signal)),
      );
      for (const { answer } of answers) {
        if (typeof answer !== 'string') {
          secrets.push({ content: answer.text, version: answer.version.identifier });
        }
      }
    }
    return secrets;
  }

  /** Nothing can destroy one version of a secret: older ones are disabled, so that nobody reads them by chance. */
  async destroyBefore(version: string, signal: AbortSignal): Promise<string> {
    const { answer: versions } = await this.#versions(signal);
    const at = versions.findIndex(({ identifier }) => identifier === version);
    const older = versions.slice(0, Math.max(at, 0)).filter(({ isEnabled }) => isEnabled);
    for (const { identifier } of older) {
      await askKeyVault(this.#where, {
        action: 'secrets/update/action',
        signal,
        call: (options) =>
          this.#client.updateSecretProperties(this.#name, identifier, { ...options, enabled: false }),
      });
    }
    return (
      `${this.#where}: Key Vault can destroy no single version. Every older one is disabled ` +
      `(${older.length} just now), and whoever may change the secret can enable it again. To destroy them, take the key set ` +
      'over into another secret, and delete and purge this one.'
    );
  }

  async #newest(signal: AbortSignal): Promise<Answered<Found | undefined>> {
    if (this.#settled !== undefined) {
      const { answer: current, date } = await this.#access('', signal);
      if (typeof current !== 'string' && current.version.identifier === this.#settled) {
        return { answer: current, date };
      }
      this.#settled = undefined;
    }
    const [{ answer: current }, { answer: listed, date }] = await Promise.all([
      this.#access('', signal),
      this.#versions(signal),
    ]);
    // Should the list lag behind, or the other way round.
    const isFound = typeof current !== 'string';
    const versions = isFound ? inOrder([...listed, current.version]) : listed;
    const newest = versions.findLast(({ isEnabled }) => isEnabled);
    if (!newest) return { answer: undefined, date };
    const isCurrent = isFound && current.version.identifier === newest.identifier;
    const answer = isCurrent ? current : (await this.#access(newest.identifier, signal)).answer;
    if (typeof answer === 'string') throw this.#changedMeanwhile();
    if (isCurrent && date !== undefined && date - newest.created >= settledAge) {
      this.#settled = newest.identifier;
    }
    return { answer, date };
  }

  /** In order, the disabled ones too. */
  #versions(signal: AbortSignal): Promise<Answered<readonly Version[]>> {
    return askKeyVault<readonly Version[]>(this.#where, {
      action: 'secrets/readMetadata/action',
      signal,
      call: async (options) => {
        const versions: Version[] = [];
        for await (const properties of this.#client.listPropertiesOfSecretVersions(this.#name, options)) {
          const version = versionIn(properties);
          if (!version || !this.#isNamed(properties.name)) throw otherAnswer(this.#where);
          versions.push(version);
        }
        return inOrder(versions);
      },
      answerIn: ({ status, code }) => (status === 404 && code === 'SecretNotFound' ? [] : undefined),
    });
  }

  /** @param version empty: the one that the service takes for the newest */
  #access(version: string, signal: AbortSignal): Promise<Answered<Access>> {
    return askKeyVault<Access>(this.#where, {
      action: 'secrets/getSecret/action',
      signal,
      call: async (options) => {
        const { value, properties } = await this.#client.getSecret(this.#name, { ...options, version });
        const found = versionIn(properties);
        const isAsked = version === '' || found?.identifier === version;
        if (typeof value !== 'string' || !found || !isAsked || !this.#isNamed(properties.name)) {
          throw otherAnswer(this.#where);
        }
        return { version: found, text: value };
      },
      answerIn: ({ status, code, innerCode }) => {
        if (status === 404 && code === 'SecretNotFound') return 'missing';
        return status === 403 && innerCode === 'SecretDisabled' ? 'disabled' : undefined;
      },
    });
  }

  /** So that nothing we write ties with what it was made from, and no order has to be guessed. */
  async #nextSecond(signal: AbortSignal): Promise<void> {
    const { version, date, at } = this.#read ?? {};
    if (!version || date === undefined || at === undefined) return;
    const rest = (version.created + 1 - date) * 1000 - (performance.now() - at);
    if (rest > 0) await wait(Math.min(Math.ceil(rest), longestWait), undefined, { signal });
  }

  /** Names of secrets are the same in capitals and in small letters. */
  #isNamed(name: string): boolean {
    return name.toLowerCase() === this.#name.toLowerCase();
  }

  #changedMeanwhile(): KeyStoreError {
    return new KeyStoreError(
      'KEY_STORE_NOT_READ',
      `${this.#where} was changed while it was read. Ask again.`,
      {
        isTransient: true,
      },
    );
  }
}

/** @throws KeyStoreError */
export async function openAzureKeyVault({ place, where, client }: SecretPlace): Promise<SecretDriver> {
  const [vault, name] = place.split('/') as [string, string];
  return new AzureKeyVault(await vaultClient(secretsPackage, vault, { where, client }), name, where);
}
