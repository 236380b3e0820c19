import { applyDecorators, Controller, Get, Render, VERSION_NEUTRAL } from '@nestjs/common';
import type { Type } from '@nestjs/common';

import type { JwksRouteOptions } from '../oidc-key.options.js';
import { jwksPathOf } from './jwks-path.js';
import { operationOf } from './openapi.js';
import { MarksJwksRoute } from './route-marker.js';

/**
 * The controller that serves the JWKS at a path; a path is fixed in a class, so each module gets its own.
 *
 * @param view what answers, in place of a template: see `answerAsView`
 */
export function createJwksController(options: JwksRouteOptions, view: symbol): Type<object> {
  const path = jwksPathOf(options);
  // Version-neutral, or a default version would move the route.
  @Controller({ path, version: VERSION_NEUTRAL })
  class JwksController {
    @applyDecorators(...(options.decorators ?? []))
    @Get()
    // Nest only hands it on.
    @Render(view as unknown as string)
    @MarksJwksRoute()
    @operationOf(path)
    serve(): object {
      // Interceptors look into what a handler returns, and some write into it.
      return {};
    }
  }
  return JwksController;
}
