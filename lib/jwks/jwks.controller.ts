import { applyDecorators, Controller, Get, Inject, Req, Res, VERSION_NEUTRAL } from '@nestjs/common';
import type { Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

import type { JwksRouteOptions } from '../oidc-key.options.js';
import { KeyRotation } from '../rotation/key-rotation.js';
import { JwksHeaders } from './jwks-headers.js';
import { jwksPathOf } from './jwks-path.js';

/** Only the parts of a request that both platforms have. */
interface ConditionalRequest {
  readonly headers: { readonly 'if-none-match'?: string | undefined };
}

/** The controller that serves the JWKS at a path; a path is fixed in a class, so each module gets its own. */
export function createJwksController(options: JwksRouteOptions): Type<object> {
  // Version-neutral, or a default version would move the route.
  @Controller({ path: jwksPathOf(options), version: VERSION_NEUTRAL })
  class JwksController {
    constructor(
      @Inject(KeyRotation) private readonly rotation: KeyRotation,
      @Inject(JwksHeaders) private readonly headers: JwksHeaders,
      @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    ) {}

    // Taking the response over keeps interceptors that wrap return values out of the document.
    @Get()
    @applyDecorators(...(options.decorators ?? []))
    serve(@Req() request: ConditionalRequest, @Res() response: unknown): void {
      const { httpAdapter } = this.host;
      const { body, etag } = this.rotation.ring.jwks;
      for (const [name, value] of this.headers.entries) httpAdapter.setHeader(response, name, value);
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
