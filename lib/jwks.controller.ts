import { applyDecorators, Controller, Get, Inject, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import { OidcKeyError } from './core/errors.js';
import type { JwksRouteOptions } from './interfaces/oidc-key-extras.interface.js';
import { RESOLVED_OPTIONS } from './oidc-key.tokens.js';
import { KeyRotation } from './rotation/key-rotation.js';
import type { ResolvedOptions } from './oidc-key.options.js';

/** RFC 8615 reserves the folder; the name is the one that most issuers use. */
const defaultPath = '/.well-known/jwks.json';

/** Only the parts of a request that both platforms have. */
interface ConditionalRequest {
  readonly headers: { readonly 'if-none-match'?: string | undefined };
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function jwksPathOf({ path = defaultPath }: JwksRouteOptions): string {
  // Clients resolve dot segments before they ask.
  const isPlain = typeof path === 'string' && /^(\/[\w.~-]+)+$/.test(path) && !/\/\.{1,2}(\/|$)/.test(path);
  if (isPlain) return path;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    'The option "jwks.path" has to begin with a slash, to end without one, and to hold no parameters or wildcards.',
  );
}

/** The controller that serves the JWKS at a path; a path is fixed in a class, so each module gets its own. */
export function createJwksController(options: JwksRouteOptions): Type<object> {
  // Version-neutral, or a default version would move the route.
  @Controller({ path: jwksPathOf(options), version: VERSION_NEUTRAL })
  class JwksController {
    readonly #headers: readonly (readonly [string, string])[];

    constructor(
      @Inject(KeyRotation) private readonly rotation: KeyRotation,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
      @Inject(RESOLVED_OPTIONS) { jwksMaxAge }: ResolvedOptions,
    ) {
      // In small letters, or Fastify would make them so for each request, which was a twentieth of its time.
      this.#headers = [
        ['cache-control', `public, max-age=${jwksMaxAge}`],
        // Relying parties in a browser fetch it too, and nothing in it is secret.
        ['access-control-allow-origin', '*'],
        ['x-content-type-options', 'nosniff'],
      ];
    }

    // Taking the response over keeps interceptors that wrap return values out of the document.
    @Get()
    @applyDecorators(...(options.decorators ?? []))
    serve(@Req() request: ConditionalRequest, @Res() response: unknown): void {
      const { httpAdapter } = this.host;
      const { body, etag } = this.rotation.ring.jwks;
      for (const [name, value] of this.#headers) httpAdapter.setHeader(response, name, value);
      httpAdapter.setHeader(response, 'etag', etag);
      if (matches(request.headers['if-none-match'], etag)) {
        httpAdapter.reply(response, undefined, 304);
        return;
      }
      // Never `application/jwk-set+json`: several relying parties refuse it.
      httpAdapter.setHeader(response, 'content-type', 'application/json; charset=utf-8');
      httpAdapter.reply(response, body, 200);
    }
  }
  return JwksController;
}

/** If-None-Match with the weak comparison that RFC 9110 section 13.1.2 asks for. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  const tags = ifNoneMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || (tags.length === 1 && tags[0] === '*');
}
