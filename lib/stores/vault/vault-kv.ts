import { KeyStoreError } from '../key-store.js';
import type { OtherSecret, Secret, SecretContent, SecretDriver, SecretPlace } from '../secret-driver.js';
import { escapedPath } from './escaped-path.js';
import { forbidden, foundIn, foundInVersion1, otherMount } from './kv-answers.js';
import type { Found } from './kv-answers.js';
import { versionsBefore } from './kv-versions.js';
import { mountOf } from './mount.js';
import type { Mount } from './mount.js';
import { strangeAnswer } from './refusals.js';
import type { VaultAnswer } from './vault-client.js';
import type { VaultSession } from './vault-session.js';

/** As many as KV keeps unless it is told otherwise. */
const mostOthers = 10;

const conflict = 'check-and-set parameter did not match';

/** A secret of KV: version 2 is read and written, version 1 is read. */
export class VaultKv implements SecretDriver {
  readonly #session: VaultSession;
  readonly #place: string;
  readonly #where: string;
  #mount: Mount | undefined;
  #others: { readonly version: string; readonly secrets: readonly OtherSecret[] } | undefined;

  constructor(session: VaultSession, { place, where }: Pick<SecretPlace, 'place' | 'where'>) {
    this.#session = session;
    this.#place = place;
    this.#where = where;
  }

  async read(signal: AbortSignal): Promise<Secret | undefined> {
    const known = this.#mount;
    if (known) {
      const found = await this.#found(known, signal);
      if (found !== otherMount && found.secret) return found.secret;
    }
    // That nothing is there is believed where the mount is known for certain.
    const { secret } = await this.#foundAnew(signal);
    return secret;
  }

  async write(content: SecretContent, expected: string | undefined, signal: AbortSignal): Promise<boolean> {
    const { mount, secret, number } = await this.#foundAnew(signal);
    if (mount.version === 1) {
      throw new KeyStoreError(
        'KEY_STORE_NOT_WRITTEN',
        `${this.#where} is in a mount of version 1 of KV, which cannot compare and set, so that two who write at once would ` +
          'lose a key. Keep the key set in one of version 2.',
      );
    }
    // The number alone would not tell a secret from one of its name that was deleted with its history.
    if (secret?.version !== expected) return false;
    const answer = await this.#post(
      pathIn(mount, 'data'),
      { options: { cas: number }, data: content },
      signal,
    );
    const { status, errors = [] } = answer;
    if (status === 200) return true;
    if (status === 400 && errors.some((error) => error.includes(conflict))) return false;
    if (status === 403) {
      throw this.#forbidden(mount, 'written', [pathIn(mount, 'data'), '"create", "read", "update"']);
    }
    throw new KeyStoreError(
      'KEY_STORE_NOT_WRITTEN',
      `${this.#where} does not take what is written (${status}). Check the settings of its mount and the policies of Vault.`,
    );
  }

  async destroyBefore(version: string, signal: AbortSignal): Promise<number> {
    const { mount } = await this.#foundAnew(signal);
    if (mount.version === 1) return 0;
    const [metadata, destroy] = [pathIn(mount, 'metadata'), pathIn(mount, 'destroy')];
    const denied = () =>
      this.#forbidden(mount, 'rid of its old versions', [metadata, '"read"'], [destroy, '"update"']);
    const listed = await this.#session.request({ method: 'GET', path: escapedPath(metadata), signal });
    if (listed.status === 403) throw denied();
    if (listed.status !== 200) throw strangeAnswer(this.#where, listed.status);
    const versions = versionsBefore(version, listed.data.versions);
    if (versions.length === 0) return 0;
    const { status } = await this.#post(destroy, { versions }, signal);
    if (status === 403) throw denied();
    if (status !== 204 && status !== 200) throw strangeAnswer(this.#where, status);
    return versions.length;
  }

  /** The versions before, which never change: they are asked for once. One that was deleted is left out. */
  async others(signal: AbortSignal): Promise<readonly OtherSecret[]> {
    const { mount, secret, number } = await this.#foundAnew(signal);
    if (mount.version === 1 || !secret) return [];
    if (this.#others?.version === secret.version) return this.#others.secrets;
    const secrets: OtherSecret[] = [];
    for (let each = number - 1; each > Math.max(0, number - mostOthers); each--) {
      const found = await this.#found(mount, signal, `?version=${each}`);
      if (found === otherMount || found.number === 0) break;
      if (found.secret?.since !== undefined) {
        secrets.push({ content: found.secret.content, since: found.secret.since });
      }
    }
    this.#others = { version: secret.version, secrets };
    return secrets;
  }

  close(): void {
    this.#session.close();
  }

  async #foundAnew(signal: AbortSignal): Promise<Found & { readonly mount: Mount }> {
    const mount = await mountOf(this.#place, this.#session, this.#where, signal);
    const found = await this.#found(mount, signal);
    if (found === otherMount) {
      throw new KeyStoreError(
        'KEY_STORE_UNREACHABLE',
        `${this.#where} is in a mount that changes at this moment.`,
        { isTransient: true },
      );
    }
    this.#mount = mount;
    return { ...found, mount };
  }

  async #found(mount: Mount, signal: AbortSignal, query = ''): Promise<Found | typeof otherMount> {
    const path = mount.version === 2 ? pathIn(mount, 'data') : this.#place;
    const answer = await this.#session.request({ method: 'GET', path: escapedPath(path) + query, signal });
    if (answer.status === 403 && answer.errors) throw this.#forbidden(mount, 'read', [path, '"read"']);
    return mount.version === 2 ? foundIn(answer, this.#where) : foundInVersion1(answer, this.#where);
  }

  #post(path: string, body: object, signal: AbortSignal): Promise<VaultAnswer> {
    return this.#session.request({ method: 'POST', path: escapedPath(path), body, signal });
  }

  #forbidden(
    { path, secret }: Mount,
    action: string,
    ...rules: readonly (readonly [string, string])[]
  ): KeyStoreError {
    const error = forbidden(this.#where, this.#session.credentials.name, action, ...rules);
    if (!secret.startsWith('data/')) return error;
    // Where a secret is called so, the policy is what is wrong.
    const name = `vault:${path}/${secret.slice('data/'.length)}`;
    return new KeyStoreError(
      error.code,
      `Name the secret without data/ before it, as \`vault kv get\` shows it: ${name}. Else: ${error.message}`,
    );
  }
}

function pathIn({ path, secret }: Mount, kind: 'data' | 'metadata' | 'destroy'): string {
  return `${path}/${kind}/${secret}`;
}
