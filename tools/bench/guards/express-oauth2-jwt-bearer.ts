import { Catch, Controller, Get, Module, Req } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter, INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Request, Response } from 'express';
import { auth, requiredScopes, UnauthorizedError } from 'express-oauth2-jwt-bearer';

import type { Trust } from '../trust.js';

@Controller('orders')
class OrdersController {
  @Get()
  list(@Req() request: Request) {
    return { sub: request.auth?.payload.sub };
  }
}

/** Nest answers 500 to what a middleware of Express throws, unless told otherwise. */
@Catch(UnauthorizedError)
class RefusalFilter implements ExceptionFilter<UnauthorizedError> {
  catch({ status, headers, message }: UnauthorizedError, host: ArgumentsHost): void {
    host.switchToHttp().getResponse<Response>().status(status).set(headers).json({ message });
  }
}

@Module({ controllers: [OrdersController] })
class GuardedModule {}

export async function application({ issuer, jwksUri, audience, scope }: Trust): Promise<INestApplication> {
  const app = await NestFactory.create(GuardedModule, { logger: ['error'] });
  // `strict` asks for what RFC 9068 asks for, as our guard does.
  const accept = auth({ issuer, jwksUri, audience, tokenSigningAlg: 'RS256', strict: true });
  app.use('/orders', accept, requiredScopes(scope));
  app.useGlobalFilters(new RefusalFilter());
  return app;
}
