import {
  applyDecorators,
  Controller,
  Get,
  Inject,
  Injectable,
  Render,
  UseGuards,
  VERSION_NEUTRAL,
} from '@nestjs/common';
import type { CanActivate, ExecutionContext, Type } from '@nestjs/common';

import type { JwksRouteOptions } from '../oidc-key.options.js';
import { KeyRotation } from '../rotation/key-rotation.js';
import { JwksAnswer } from './jwks-answer.js';
import type { JwksRequest, JwksResponse } from './jwks-answer.js';
import { jwksPathOf } from './jwks-path.js';
import { operationOf } from './openapi.js';
import { MarksJwksRoute } from './route-marker.js';

/** What Nest calls on a response for a handler that has a template: Express names it so, and Fastify otherwise. */
interface Renders {
  render?: () => unknown;
  view?: () => unknown;
}

/**
 * Puts the answer where Nest looks for what renders a template. That is called after every interceptor: the headers that
 * they set arrive, however late, and what they make of the handler's value is not what is sent. A guard, since it runs
 * before all of them, and one may answer in the handler's place.
 */
@Injectable()
class AnswersAsTemplate implements CanActivate {
  constructor(
    @Inject(KeyRotation) private readonly rotation: KeyRotation,
    @Inject(JwksAnswer) private readonly answer: JwksAnswer,
  ) {}

  canActivate(context: ExecutionContext): true {
    const http = context.switchToHttp();
    const request = http.getRequest<JwksRequest>();
    const response = http.getResponse<JwksResponse & Renders>();
    const send = () => this.answer.send(request, response, this.rotation.ring.jwks);
    response.render = send;
    response.view = send;
    return true;
  }
}

/** The controller that serves the JWKS at a path; a path is fixed in a class, so each module gets its own. */
export function createJwksController(options: JwksRouteOptions): Type<object> {
  const path = jwksPathOf(options);
  // Version-neutral, or a default version would move the route.
  @Controller({ path, version: VERSION_NEUTRAL })
  @UseGuards(AnswersAsTemplate)
  class JwksController {
    @applyDecorators(...(options.decorators ?? []))
    @Get()
    @Render('JWKS')
    @MarksJwksRoute()
    @operationOf(path)
    serve(): object {
      // Interceptors look into what a handler returns, and some write into it.
      return {};
    }
  }
  return JwksController;
}
