import { createHash } from 'node:crypto';

import { HttpsClient } from '../https/https-client.js';
import type { HttpsAnswer, HttpsRequest } from '../https/https-client.js';
import type { AccessSource, ClusterAccess } from './cluster-access.js';

interface ApiRequest extends Omit<HttpsRequest, 'path' | 'headers'> {
  /** Below the server's. */
  readonly path: string;
}

/** Asks an API server with the credentials as they are at that moment. */
export class ApiClient {
  readonly #where: string;
  readonly #source: AccessSource;
  #connected: { readonly to: string; readonly client: HttpsClient } | undefined;

  constructor(where: string, source: AccessSource) {
    this.#where = where;
    this.#source = source;
  }

  async request({ path, ...request }: ApiRequest): Promise<HttpsAnswer> {
    const access = await this.#source.read();
    const { server, token } = access;
    return this.#clientFor(access).request({
      ...request,
      path: server.pathname.replace(/\/$/, '') + path,
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
  }

  close(): void {
    this.#connected?.client.close();
    this.#connected = undefined;
  }

  /** One for as long as what its connections are made with stays the same. */
  #clientFor(access: ClusterAccess): HttpsClient {
    const to = digestOf(access);
    if (this.#connected?.to !== to) {
      const { server, ca, servername, cert, key } = access;
      this.close();
      const client = new HttpsClient({
        where: this.#where,
        origin: new URL(server.origin),
        ca,
        servername,
        cert,
        key,
        remedyForCertificate: this.#source.remedyForCertificate,
      });
      this.#connected = { to, client };
    }
    return this.#connected.client;
  }
}

function digestOf({ server, ca, servername, cert, key }: ClusterAccess): string {
  const parts = [
    server.origin,
    servername ?? '',
    ...[ca, cert, key].map((each) => each?.toString('base64') ?? ''),
  ];
  return createHash('sha256').update(parts.join('\n')).digest('hex');
}
