import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  AccessToken,
  AccessTokenGuard,
  RequireScopes,
  ResourceServerModule,
} from 'nestjs-oidc-key/resource-server';
import type { AccessTokenClaims } from 'nestjs-oidc-key/resource-server';

import type { Trust } from '../trust.js';

export function application({ issuer, jwksUri, audience, scope }: Trust): Promise<INestApplication> {
  @Controller('orders')
  @UseGuards(AccessTokenGuard)
  @RequireScopes(scope)
  class OrdersController {
    @Get()
    list(@AccessToken() { sub }: AccessTokenClaims) {
      return { sub };
    }
  }

  @Module({
    imports: [ResourceServerModule.forRoot({ issuer, jwksUri, audience })],
    controllers: [OrdersController],
  })
  class GuardedModule {}

  return NestFactory.create(GuardedModule, { logger: ['error'] });
}
