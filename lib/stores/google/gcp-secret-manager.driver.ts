import { KeyStoreError } from '../key-store.js';
import type { Secret, SecretContent, SecretDriver, SecretPlace } from '../secret-driver.js';
import { callOptions } from './call-options.js';
import type { Seen } from './call-options.js';
import { crc32c } from './crc32c.js';
import { googleFailureIn } from './google-failure.js';
import { googleRefusal } from './google-refusal.js';
import type { Permission } from './google-refusal.js';
import { secretManagerClient } from './secret-manager-client.js';
import type { AccessedVersion, OpenedClient, SecretManagerClient } from './secret-manager-client.js';

/** In milliseconds; who waits gives up no later. */
const patience = 5_000;
const patienceOfWrites = 10_000;
/** Writers that did not see each other are few. A base from which more has been written is of another store. */
const mostBetween = 256;
const atOnce = 16;
const largestPage = 25_000;
/** Of the proto file. */
const numbersOfStates = { ENABLED: 1, DISABLED: 2 } as const;

/** A version that is not there, or whose content cannot be had: it is disabled or destroyed. */
type Access = Secret | 'missing' | 'closed';

/** A secret of Google's, whose versions are numbers. */
class GcpSecretManager implements SecretDriver {
  readonly #client: SecretManagerClient;
  readonly #isOurs: boolean;
  readonly #secret: string;
  readonly #where: string;
  /** The newest version that was read. By its number a version is there at once; `latest` may lag for hours. */
  #newest: number | undefined;

  constructor({ client, isOurs }: OpenedClient, { place, where }: SecretPlace) {
    this.#client = client;
    this.#isOurs = isOurs;
    this.#secret = place;
    this.#where = where;
  }

  async read(): Promise<Secret | undefined> {
    const found = await this.#read();
    this.#newest = found && Number(found.version);
    return found;
  }

  async write(content: SecretContent, expected: string | undefined): Promise<boolean> {
    if (expected === undefined && (await this.read())) return false;
    const data = Buffer.from(content as string | Buffer);
    await this.#call('secretmanager.versions.add', patienceOfWrites, (options) =>
      this.#client.addSecretVersion(
        { parent: this.#secret, payload: { data, dataCrc32c: crc32c(data) } },
        options,
      ),
    );
    return true;
  }

  async between(base: string, version: string): Promise<readonly Secret[]> {
    if (![base, version].every((each) => /^\d{1,15}$/.test(each))) return [];
    const after = Math.max(Number(base), Number(version) - 1 - mostBetween);
    const numbers = Array.from(
      { length: Math.max(Number(version) - 1 - after, 0) },
      (_, at) => after + 1 + at,
    );
    const secrets: Secret[] = [];
    while (numbers.length > 0) {
      const accessed = await Promise.all(numbers.splice(0, atOnce).map((number) => this.#access(number)));
      secrets.push(...accessed.filter((each) => typeof each !== 'string'));
    }
    return secrets;
  }

  async destroyBefore(version: string): Promise<number> {
    const older = (await this.#list(['ENABLED', 'DISABLED'])).filter((number) => number < Number(version));
    for (const number of older) {
      await this.#call('secretmanager.versions.destroy', patience, (options) =>
        this.#client.destroySecretVersion({ name: this.#nameOf(number) }, options),
      );
    }
    return older.length;
  }

  close(): void {
    // It ends no call, and so there is nothing that could be said of it.
    if (this.#isOurs) void this.#client.close().catch(() => undefined);
  }

  async #read(): Promise<Secret | undefined> {
    const known = this.#newest;
    if (known === undefined) return this.#newestAfter(await this.#access('latest'));
    // The one that was the newest may have been disabled, or the secret deleted and made again, with numbers from 1 on.
    const [here, next] = await Promise.all([this.#access(known), this.#access(known + 1)]);
    if (here === 'missing') return this.#newestAfter(await this.#access('latest'));
    if (next === 'missing') return here === 'closed' ? this.#newestListed() : here;
    const later = await this.#lastFrom(known + 1, next);
    return later ?? (here === 'closed' ? this.#newestListed() : here);
  }

  async #newestAfter(latest: Access): Promise<Secret | undefined> {
    if (latest === 'missing') return undefined;
    if (latest === 'closed') return this.#newestListed();
    return (await this.#after(Number(latest.version))) ?? latest;
  }

  /** What comes after this number: the last whose content can be had. */
  async #after(number: number): Promise<Secret | undefined> {
    return this.#lastFrom(number + 1, await this.#access(number + 1));
  }

  async #lastFrom(number: number, first: Access): Promise<Secret | undefined> {
    let last: Secret | undefined;
    for (let access = first; access !== 'missing'; access = await this.#access(++number)) {
      // Kept, so that who has to ask again goes on from here.
      if (typeof access !== 'string') [last, this.#newest] = [access, number];
    }
    return last;
  }

  /** Where `latest` is disabled or destroyed, nothing but the list knows which one is not. */
  async #newestListed(): Promise<Secret | undefined> {
    const [newest] = await this.#list(['ENABLED']);
    if (newest === undefined) return undefined;
    const access = await this.#access(newest);
    if (typeof access === 'string') {
      throw new KeyStoreError(
        'KEY_STORE_NOT_READ',
        `${this.#where} has version ${newest} enabled and does not give it. Check the key of Cloud KMS that the secret is ` +
          'encrypted with, if it has one of yours; a change of a state may take minutes.',
        { isTransient: true },
      );
    }
    return (await this.#after(newest)) ?? access;
  }

  /** The numbers of the versions in these states, newest first. */
  async #list(states: readonly (keyof typeof numbersOfStates)[]): Promise<number[]> {
    const [versions] = await this.#call('secretmanager.versions.list', patience, (options) =>
      this.#client.listSecretVersions({ parent: this.#secret, pageSize: largestPage }, options),
    );
    return versions
      .filter(({ scheduledDestroyTime }) => !scheduledDestroyTime)
      .filter(({ state }) => states.some((each) => state === each || state === numbersOfStates[each]))
      .map(({ name }) => this.#numberIn(name))
      .toSorted((a, b) => b - a);
  }

  async #access(version: number | 'latest'): Promise<Access> {
    const seen: Seen = {};
    try {
      const [answer] = await this.#client.accessSecretVersion(
        { name: this.#nameOf(version) },
        callOptions(patience, seen),
      );
      const number = this.#numberIn(answer.name);
      if (version !== 'latest' && number !== version) throw this.#otherAnswer();
      return { content: this.#contentOf(answer), version: String(number), date: seen.date };
    } catch (error) {
      const failure = googleFailureIn(error);
      if (failure.status === 'NOT_FOUND') return 'missing';
      if (failure.status === 'FAILED_PRECONDITION') return 'closed';
      throw this.#refusal(error, 'secretmanager.versions.access');
    }
  }

  async #call<Answer>(
    permission: Permission,
    timeout: number,
    call: (options: object) => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await call(callOptions(timeout));
    } catch (error) {
      throw this.#refusal(error, permission);
    }
  }

  #refusal(error: unknown, permission: Permission): KeyStoreError {
    if (error instanceof KeyStoreError) return error;
    const failure = googleFailureIn(error);
    return failure.status === 'NOT_FOUND'
      ? noSecret(this.#secret, this.#where)
      : googleRefusal(error, failure, { where: this.#where, permission });
  }

  #nameOf(version: number | 'latest'): string {
    return `${this.#secret}/versions/${version}`;
  }

  /** Answers name the project by its number, whatever was asked for. */
  #numberIn(name: string | null | undefined): number {
    const [, secret, number] = /^projects\/[^/]+(\/.+)\/versions\/(\d{1,15})$/.exec(name ?? '') ?? [];
    if (secret === undefined || this.#secret.replace(/^projects\/[^/]+/, '') !== secret)
      throw this.#otherAnswer();
    return Number(number);
  }

  #contentOf({ payload }: AccessedVersion): Buffer {
    const { data, dataCrc32c } = payload ?? {};
    if (!(data instanceof Uint8Array)) throw this.#otherAnswer();
    if (dataCrc32c !== undefined && dataCrc32c !== null && String(dataCrc32c) !== String(crc32c(data))) {
      throw new KeyStoreError(
        'KEY_STORE_NOT_READ',
        `${this.#where} came damaged: its checksum is another. Ask again, and look at what is between here and Google.`,
        { isTransient: true },
      );
    }
    return Buffer.from(data);
  }

  #otherAnswer(): KeyStoreError {
    return new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `${this.#where} was asked for, and something else was answered. Check the client's address, and what is between.`,
    );
  }
}

function noSecret(secret: string, where: string): KeyStoreError {
  const [, project, , location, name] = /^projects\/([^/]+)\/(locations\/([^/]+)\/)?secrets\/(.+)$/.exec(
    secret,
  )!;
  const place = location === undefined ? '--replication-policy=automatic' : `--location=${location}`;
  return new KeyStoreError(
    'KEY_STORE_NOT_WRITTEN',
    `${where} is not there to put a version in. Make it once: gcloud secrets create ${name} --project=${project} ${place}`,
  );
}

/** @throws KeyStoreError */
export async function openGcpSecretManager(place: SecretPlace): Promise<SecretDriver> {
  return new GcpSecretManager(await secretManagerClient(place), place);
}
