import { Readable } from 'node:stream';

import type { Counts } from '../core/usage/counts.js';
import type { RenderedJwks } from '../core/ring/key-ring.js';

/** Only the parts of a request that both platforms have. */
export interface JwksRequest {
  readonly method: string;
  readonly headers: { readonly 'if-none-match'?: string | undefined };
}

/** Only the parts of a response that both platforms have, and `raw`, which Fastify alone has. */
export interface JwksResponse {
  readonly raw?: unknown;
  getHeader(name: string): string | number | readonly string[] | undefined;
  header(name: string, value: string): unknown;
  status(code: number): unknown;
  send(body?: string | Readable): unknown;
}

/** Sends the JWKS with its headers, or 304 to whoever has it. */
export class JwksAnswer {
  readonly #jwks: () => RenderedJwks;
  readonly #cacheControl: string;
  readonly #requests: Counts | undefined;
  #hasAnswered = false;

  /**
   * @param maxAge how long relying parties may cache the JWKS, in seconds
   * @param requests counts them by the status of the answer
   */
  constructor(jwks: () => RenderedJwks, maxAge: number, requests?: Counts) {
    this.#requests = requests;
    this.#jwks = jwks;
    this.#cacheControl = `public, max-age=${maxAge}`;
  }

  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Returns what the platform waits for. */
  send(request: JwksRequest, response: JwksResponse): unknown {
    const { body, etag } = this.#jwks();
    this.#hasAnswered = true;
    this.#setHeaders(response, etag);
    if (matches(request.headers['if-none-match'], etag)) {
      this.#requests?.add('304');
      response.status(304);
      // Fastify would say of a HEAD that has no body at all that a GET has 0 bytes (RFC 9110 section 8.6).
      return request.method === 'HEAD' && response.raw !== undefined
        ? response.send(Readable.from([]))
        : response.send();
    }
    this.#requests?.add('200');
    response.status(200);
    // Never `application/jwk-set+json`: several relying parties refuse it.
    response.header('content-type', 'application/json; charset=utf-8');
    return response.send(body);
  }

  /** In small letters, which Fastify would make of them for each request. */
  #setHeaders(response: JwksResponse, etag: string): void {
    // What the application has set of these is replaced, and of the content type: a key signs once the JWKS without it
    // is as old as it may get by what is said here, and the tag is that of these bytes.
    response.header('cache-control', this.#cacheControl);
    response.header('etag', etag);
    // Helmet says the same.
    response.header('x-content-type-options', 'nosniff');
    const allowedOrigin = response.getHeader('access-control-allow-origin');
    if (allowedOrigin === undefined) {
      // Relying parties in a browser fetch it too, and nothing in it is secret. An application whose CORS allows this
      // origin nothing looks here like one that has none: its users lose nothing, since `*` opens nothing to cookies.
      response.header('access-control-allow-origin', '*');
    } else if (allowedOrigin !== '*') {
      // Caches may keep the answer, and must not give that for one origin to another.
      varyByOrigin(response);
    }
  }
}

function varyByOrigin(response: JwksResponse): void {
  const vary = [response.getHeader('vary') ?? ''].flat().join(', ');
  const names = vary.split(',').map((name) => name.trim().toLowerCase());
  if (names.includes('origin') || names.includes('*')) return;
  response.header('vary', vary === '' ? 'Origin' : `${vary}, Origin`);
}

/** If-None-Match with the weak comparison that RFC 9110 section 13.1.2 asks for. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  // What nearly everybody sends who sends one.
  if (ifNoneMatch === etag) return true;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || (tags.length === 1 && tags[0] === '*');
}
