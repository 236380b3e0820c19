import { createRequire } from 'node:module';

import { checksum, GoogleApiDouble, Refusal } from './google-api.double.js';
import type { Answer, Call as GoogleCall, RestRequest } from './google-api.double.js';

// A double, and not Google's service. It is written from the SDK's proto file and these pages, all read and none tried:
// https://cloud.google.com/secret-manager/docs/reference/rpc/google.cloud.secretmanager.v1
// https://cloud.google.com/secret-manager/docs/access-secret-version
// https://cloud.google.com/secret-manager/docs/access-control

export type Method =
  'AccessSecretVersion' | 'AddSecretVersion' | 'ListSecretVersions' | 'DestroySecretVersion' | 'GetSecret';

export type { Answer, Fault } from './google-api.double.js';
export type Call = GoogleCall<Method>;

interface Version {
  readonly data: Buffer;
  readonly created: number;
  state: 'ENABLED' | 'DISABLED' | 'DESTROYED';
  /** The key of Cloud KMS that encrypts it cannot be used. */
  isLocked?: boolean;
  /** It is disabled, and destroyed when the delay of the secret is over. */
  isScheduled?: boolean;
}

export class GcpSecretManagerDouble extends GoogleApiDouble<Method> {
  /** By how many versions `latest` lags behind. */
  lag = 0;
  protected readonly protos = createRequire(import.meta.url)(
    '@google-cloud/secret-manager/build/protos/protos.json',
  ) as object;
  protected readonly service = ['google', 'cloud', 'secretmanager', 'v1', 'SecretManagerService'];
  protected readonly permissions: Readonly<Record<Method, string>> = {
    AccessSecretVersion: 'secretmanager.versions.access',
    AddSecretVersion: 'secretmanager.versions.add',
    ListSecretVersions: 'secretmanager.versions.list',
    DestroySecretVersion: 'secretmanager.versions.destroy',
    GetSecret: 'secretmanager.secrets.get',
  };
  readonly #secrets = new Map<string, Version[]>();

  createSecret(name: string): void {
    this.#secrets.set(name, []);
  }

  deleteSecret(name: string): void {
    this.#secrets.delete(name);
  }

  /** As `gcloud secrets versions add` does. */
  addVersion(name: string, data: Buffer | string): number {
    const created = Date.now();
    return this.#secrets.get(name)!.push({ data: Buffer.from(data), created, state: 'ENABLED' });
  }

  version(name: string, number: number): Version {
    return this.#secrets.get(name)![number - 1]!;
  }

  /** What the newest version that can be had holds. */
  content(name: string): string | undefined {
    const enabled = this.#secrets.get(name)?.filter(({ state }) => state === 'ENABLED');
    return enabled?.at(-1)?.data.toString('utf8');
  }

  numberOfVersions(name: string): number {
    return this.#secrets.get(name)?.length ?? 0;
  }

  protected right(method: Method, name: string, request: Answer): Answer {
    if (method === 'AccessSecretVersion') return this.#access(name);
    if (method === 'AddSecretVersion') return this.#add(name, request);
    if (method === 'ListSecretVersions') return this.#list(name, request);
    if (method === 'DestroySecretVersion') return this.#destroy(name);
    this.#versionsOf(name);
    return { name: withNumberOfProject(name) };
  }

  #access(name: string): Answer {
    const { secret, number, version } = this.#find(name);
    const fullName = `${withNumberOfProject(secret)}/versions/${number}`;
    if (version.state !== 'ENABLED') {
      throw new Refusal('FAILED_PRECONDITION', `Secret Version [${fullName}] is in ${version.state} state.`);
    }
    if (version.isLocked) {
      throw new Refusal('FAILED_PRECONDITION', 'Cloud KMS key [projects/1/…] is not enabled.');
    }
    return {
      name: fullName,
      payload: { data: version.data, dataCrc32c: String(checksum(version.data)) },
    };
  }

  #add(parent: string, request: Answer): Answer {
    const versions = this.#versionsOf(parent);
    const { data, dataCrc32c } = request.payload as { data: Buffer | string; dataCrc32c?: string };
    const bytes = typeof data === 'string' ? Buffer.from(data, 'base64') : data;
    if (bytes.length > 65_536) throw new Refusal('INVALID_ARGUMENT', 'Payload is too large');
    if (dataCrc32c !== undefined && dataCrc32c !== null && Number(dataCrc32c) !== checksum(bytes)) {
      throw new Refusal('INVALID_ARGUMENT', 'The checksum does not match');
    }
    versions.push({ data: bytes, created: Date.now(), state: 'ENABLED' });
    return this.#described(parent, versions.length);
  }

  #list(parent: string, request: Answer): Answer {
    const versions = this.#versionsOf(parent);
    const size = Math.min(Number(request.pageSize) || 25_000, 25_000);
    const from = Number(request.pageToken) || 0;
    // Newest first.
    const numbers = versions.map((_, index) => index + 1).toReversed();
    const more = from + size < numbers.length;
    return {
      versions: numbers.slice(from, from + size).map((number) => this.#described(parent, number)),
      ...(more && { nextPageToken: String(from + size) }),
      totalSize: versions.length,
    };
  }

  #destroy(name: string): Answer {
    const { secret, number, version } = this.#find(name);
    if (version.state === 'DESTROYED') {
      throw new Refusal('FAILED_PRECONDITION', 'Secret Version is already in DESTROYED state.');
    }
    version.state = 'DESTROYED';
    return this.#described(secret, number);
  }

  #described(secret: string, number: number): Answer {
    const { state, created, isScheduled } = this.#secrets.get(secret)![number - 1]!;
    return {
      name: `${withNumberOfProject(secret)}/versions/${number}`,
      state,
      createTime: { seconds: String(Math.floor(created / 1000)), nanos: 0 },
      etag: `"${number}${state}"`,
      ...(isScheduled && { scheduledDestroyTime: { seconds: '4000000000', nanos: 0 } }),
    };
  }

  #find(name: string): { secret: string; number: number; version: Version } {
    const [, secret = '', wanted = ''] = /^(.+)\/versions\/([\w-]+)$/.exec(name) ?? [];
    const versions = this.#versionsOf(secret);
    // Of which state it is does not matter.
    const number = wanted === 'latest' ? Math.max(versions.length - this.lag, 0) : Number(wanted);
    const version = versions[number - 1];
    if (!version) throw new Refusal('NOT_FOUND', `Secret Version [${name}] not found.`);
    return { secret, number, version };
  }

  #versionsOf(secret: string): Version[] {
    const versions = this.#secrets.get(secret);
    if (!versions) throw new Refusal('NOT_FOUND', `Secret [${secret}] not found.`);
    return versions;
  }

  protected overRest({ name, action, query, body }: RestRequest): readonly [Method, Answer] {
    if (action === 'access') return ['AccessSecretVersion', { name }];
    if (action === 'addVersion') return ['AddSecretVersion', { ...body, parent: name }];
    if (action === 'destroy') return ['DestroySecretVersion', { name }];
    const [, parent] = /^(.+)\/versions$/.exec(name) ?? [];
    return parent === undefined ? ['GetSecret', { name }] : ['ListSecretVersions', { ...query, parent }];
  }
}

/** Answers have the number of the project, whatever was asked for. */
function withNumberOfProject(name: string): string {
  return name.replace(/^projects\/[^/]+/, 'projects/123456789012');
}
