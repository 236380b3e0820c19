import { Agent as HttpAgent, request as requestHttp } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';

import { KeyStoreError } from '../key-store.js';
import { unreachable } from './unreachable.js';

/** Where a server is, and how it is known. */
export interface HttpsOptions {
  /** How messages call what is asked for. */
  readonly where: string;
  readonly origin: URL;
  /** Certificates of private authorities, in PEM; they take the place of those that Node knows. */
  readonly ca?: string | Buffer | undefined;
  /** The name that the certificate has to have, where that is another than the host's. */
  readonly servername?: string | undefined;
  /** A certificate to be known by, and its key, in PEM. */
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** What to set where the certificate doesn't fit. */
  readonly remedyForCertificate: string;
  /** Whether a redirect to another host may be gone in a moment, as in a cluster that has no leader. Default: it stays. */
  readonly redirectsPass?: boolean | undefined;
}

export interface HttpsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query, already escaped. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Undefined where the text is no JSON. */
  readonly json: unknown;
  /** The header `Date`, in seconds since 1970. */
  readonly date: number | undefined;
}

/** A secret of 1 MiB, in base64 and with all that stands around it. */
const mostBytes = 4 * 1024 * 1024;
const mostRedirects = 3;

/**
 * A client for the few requests of a store. It keeps connections, and follows no redirect to another origin: the
 * credentials in the headers are for this one alone.
 */
export class HttpsClient {
  readonly #options: HttpsOptions;
  readonly #agent: HttpAgent | HttpsAgent;

  constructor(options: HttpsOptions) {
    this.#options = options;
    const { origin, ca, servername, cert, key } = options;
    const usual = { keepAlive: true, maxSockets: 8 };
    // What is undefined would be taken for something that is wrong.
    const known = Object.entries({ ca, servername, cert, key }).filter(([, value]) => value !== undefined);
    this.#agent =
      origin.protocol === 'https:'
        ? new HttpsAgent({ ...usual, ...Object.fromEntries(known) })
        : new HttpAgent(usual);
  }

  /** @throws KeyStoreError `KEY_STORE_UNREACHABLE` where there is no answer, or too large a one */
  async request(request: HttpsRequest): Promise<HttpsAnswer> {
    let { path } = request;
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const answer = await this.#send({ ...request, path });
      const location = isRedirect(answer.status) ? answer.headers.location : undefined;
      if (location === undefined) return answer;
      path = this.#pathWithin(location, path);
    }
    throw unreachable(this.#options.where, 'redirects in a circle', 'Check the address.');
  }

  close(): void {
    this.#agent.destroy();
  }

  #pathWithin(location: string, path: string): string {
    const { origin, where, redirectsPass } = this.#options;
    const { href: from } = urlWithin(origin, path);
    const target = URL.canParse(location, from) ? new URL(location, from) : undefined;
    if (target?.origin === origin.origin) return target.pathname + target.search;
    throw unreachable(
      where,
      'redirects to another host, which is not followed, since the credentials are not for it',
      'Configure the address of the server that answers.',
      redirectsPass,
    );
  }

  async #send({ method, path, headers, body, signal }: HttpsRequest): Promise<HttpsAnswer> {
    const { origin } = this.#options;
    const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const options: RequestOptions = {
      method,
      signal,
      agent: this.#agent,
      headers: {
        accept: 'application/json',
        ...(content && { 'content-type': 'application/json', 'content-length': content.length }),
        ...headers,
      },
    };
    const send = origin.protocol === 'https:' ? requestHttps : requestHttp;
    try {
      return await new Promise((resolve, reject) => {
        const sent = send(urlWithin(origin, path), options, (message) => {
          this.#answerIn(message).then(resolve, reject);
        });
        sent.on('error', reject);
        sent.end(content);
      });
    } catch (error) {
      if (error instanceof KeyStoreError) throw error;
      signal.throwIfAborted();
      const { where, remedyForCertificate } = this.#options;
      throw unreachable(where, error as NodeJS.ErrnoException, remedyForCertificate);
    }
  }

  async #answerIn(message: IncomingMessage): Promise<HttpsAnswer> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > mostBytes) {
        message.destroy();
        throw unreachable(
          this.#options.where,
          'answers with more than a secret can hold',
          'Check the address.',
        );
      }
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8');
    const { statusCode: status = 0, headers } = message;
    const date = Date.parse(headers.date ?? '') / 1000;
    return { status, headers, text, json: jsonIn(text), date: Number.isFinite(date) ? date : undefined };
  }
}

/** A path that begins with two slashes would name another host, were it resolved. */
function urlWithin(origin: URL, path: string): URL {
  return new URL(origin.origin + path);
}

/** Seconds that an answer asks to wait (RFC 9110 section 10.2.3); a date there is as good as none. */
export function retryAfterIn({ headers }: HttpsAnswer): number | undefined {
  const value = headers['retry-after'] ?? '';
  return /^\d{1,6}$/.test(value) ? Number(value) : undefined;
}

function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Whoever asked says what it is instead.
    return undefined;
  }
}
