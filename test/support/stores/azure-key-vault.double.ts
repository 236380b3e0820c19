import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server as HttpServer, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { Server } from 'node:https';
import type { AddressInfo } from 'node:net';

import { certificateFor } from '../certificate.js';

// A double, and not Azure's service. It is written from these pages, all read and none tried:
// https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
// https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
// https://learn.microsoft.com/azure/key-vault/general/rest-error-codes
// https://learn.microsoft.com/azure/key-vault/general/rbac-guide

export interface Call {
  readonly action: Action;
  /** `NAME` or `NAME/VERSION`. */
  readonly secret: string;
  readonly hasToken: boolean;
  readonly hasBody: boolean;
}

/** What a role has to allow, from the page about roles. */
export type Action = 'getSecret' | 'setSecret' | 'readMetadata' | 'update';

/** What goes wrong with a request. */
export type Fault =
  | {
      readonly status: number;
      readonly code?: string;
      readonly innerCode?: string;
      readonly headers?: Readonly<Record<string, string>>;
      /** In place of the JSON that an error has. */
      readonly body?: string;
      /** What was asked for is done all the same. */
      readonly isDone?: boolean;
    }
  | 'hang'
  | 'reset'
  | 'endless'
  /** The answer is what this makes of the right one. */
  | ((answer: Answer) => Answer);

export type Answer = Record<string, unknown>;

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

const sizeOfPage = 25;

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly innerCode?: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super('A message that quotes a secret-value');
  }
}

export class AzureKeyVaultDouble {
  readonly certificate = certificateFor();
  /** Everything that was asked, oldest first; also what was refused for want of a token. */
  readonly calls: Call[] = [];
  fault: ((call: Call) => Fault | undefined) | undefined;
  /** The actions of whoever asks. Default: all of them. */
  granted: ReadonlySet<Action> | undefined;
  /** The clock of the service, in whole seconds. */
  now = (): number => Math.floor(Date.now() / 1000);
  /** What identifies the next version. Real ones are random; these grow, unless a test says otherwise. */
  nextIdentifier: string | undefined;
  /** By how many versions the one without a version in its name lags behind, and the list. */
  lag = 0;
  lagOfList = 0;
  /**
   * The service that tokens are for. The SDK takes a challenge only from a host below it, which this address is below "0.0.1";
   * with https: in front of it, that would be an address too.
   */
  service = 'vault://0.0.1';
  /** Which tokens are good. */
  token = 'a-token';
  readonly #secrets = new Map<string, Stored>();
  readonly #vault: Server = createServer(
    this.certificate,
    (request, response) => void this.#answer(request, response),
  );
  /** The endpoint from which a workload with a managed identity gets its token. */
  readonly #identity: HttpServer = createHttpServer((_, response) => {
    const expires = this.now() + 3600;
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ access_token: this.token, expires_on: String(expires), token_type: 'Bearer' }));
  });
  #count = 0;
  port = 0;
  identityPort = 0;

  async start(): Promise<this> {
    this.#vault.listen(0, '127.0.0.1');
    this.#identity.listen(0, '127.0.0.1');
    await Promise.all([once(this.#vault, 'listening'), once(this.#identity, 'listening')]);
    this.port = (this.#vault.address() as AddressInfo).port;
    this.identityPort = (this.#identity.address() as AddressInfo).port;
    return this;
  }

  async stop(): Promise<void> {
    for (const server of [this.#vault, this.#identity]) {
      server.close();
      server.closeAllConnections();
    }
    await Promise.all([once(this.#vault, 'close'), once(this.#identity, 'close')]);
  }

  /** As a person in the portal does. */
  put(name: string, value: string, attributes: Partial<Omit<Version, 'identifier' | 'value'>> = {}): string {
    const stored = this.#secrets.get(name) ?? { versions: [] };
    if (stored.isDeleted) throw new Refusal(409, 'Conflict', 'ObjectIsDeletedButRecoverable');
    this.#secrets.set(name, stored);
    const identifier = this.nextIdentifier ?? (++this.#count).toString(16).padStart(32, '0');
    this.nextIdentifier = undefined;
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

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString('utf8');
    const url = new URL(request.url!, `https://${request.headers.host}`);
    response.setHeader('date', new Date(this.now() * 1000).toUTCString());
    response.setHeader('content-type', 'application/json; charset=utf-8');
    const [, , name = '', version = ''] = url.pathname.split('/');
    const action = actionOf(request.method!, version);
    const hasToken = request.headers.authorization !== undefined;
    const call: Call = {
      action,
      secret: version ? `${name}/${version}` : name,
      hasToken,
      hasBody: body !== '',
    };
    this.calls.push(call);
    try {
      const fault = hasToken ? this.fault?.(call) : undefined;
      if (fault === 'hang') return;
      if (fault === 'reset') {
        request.socket.destroy();
        return;
      }
      if (fault === 'endless') {
        sendEndlessly(response);
        return;
      }
      const right = () => this.#right(call, name, version, url, body);
      if (typeof fault === 'function') {
        response.end(JSON.stringify(fault(right())));
      } else if (fault) {
        if (fault.isDone) right();
        response.writeHead(fault.status, fault.headers);
        response.end(fault.body ?? errorBody(fault.code ?? 'Error', fault.innerCode));
      } else {
        if (request.headers.authorization !== `Bearer ${this.token}`) throw this.#challenge();
        response.end(JSON.stringify(right()));
      }
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'InternalServerError');
      response.writeHead(refusal.status, refusal.headers);
      response.end(errorBody(refusal.code, refusal.innerCode));
    }
  }

  #challenge(): Refusal {
    return new Refusal(401, 'Unauthorized', undefined, {
      'www-authenticate':
        'Bearer authorization="https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47", ' +
        `resource="${this.service}"`,
    });
  }

  #right({ action }: Call, name: string, version: string, url: URL, body: string): Answer {
    if (this.granted && !this.granted.has(action)) throw new Refusal(403, 'Forbidden', 'ForbiddenByRbac');
    if (!url.searchParams.has('api-version')) throw new Refusal(400, 'BadParameter');
    if (action === 'setSecret') {
      const { value, contentType, tags } = JSON.parse(body) as Version;
      if (Buffer.byteLength(value) > 25_600) throw new Refusal(400, 'BadParameter');
      this.put(name, value, { contentType, tags });
      return this.#described(url, name, this.#versions(name).at(-1)!);
    }
    const versions = this.#versions(name);
    if (action === 'readMetadata') return this.#page(url, name, versions);
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

  /** Of no order, and not all at once. */
  #page(url: URL, name: string, versions: readonly Version[]): Answer {
    const from = Number(url.searchParams.get('$skiptoken') ?? 0);
    const size = Math.min(Number(url.searchParams.get('maxresults') ?? sizeOfPage), sizeOfPage);
    const shown = versions
      .slice(0, versions.length - this.lagOfList)
      .toSorted((a, b) => reversed(a.identifier).localeCompare(reversed(b.identifier)));
    const next = new URL(url);
    next.searchParams.set('$skiptoken', String(from + size));
    return {
      value: shown.slice(from, from + size).map((each) => this.#described(url, name, each, false)),
      nextLink: from + size < shown.length ? next.href : null,
    };
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

function actionOf(method: string, version: string): Action {
  if (method === 'PUT') return 'setSecret';
  if (method === 'PATCH') return 'update';
  return version === 'versions' ? 'readMetadata' : 'getSecret';
}

function currentOf(versions: readonly Version[], lag: number): Version | undefined {
  return versions[Math.max(versions.length - 1 - lag, 0)];
}

function errorBody(code: string, innerCode: string | undefined): string {
  const message = 'A message that quotes a secret-value';
  const innererror = innerCode === undefined ? undefined : { code: innerCode };
  return JSON.stringify({ error: { code, message, ...(innererror && { innererror }) } });
}

function sendEndlessly(response: ServerResponse): void {
  response.write('{"value":"');
  const chunk = 'x'.repeat(65_536);
  const more = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function reversed(text: string): string {
  return text.split('').toReversed().join('');
}
