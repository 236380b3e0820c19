import type { JsonWebKey } from 'node:crypto';

import { Controller, Get, Headers, Inject, Module, UnauthorizedException } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService } from 'nestjs-oidc-key';

import { checksOf } from '../trust.js';
import type { Trust } from '../trust.js';
import { makeKey } from '../keys.js';

/** No guard, and nothing but `JwtService.verify`: what a verification costs in a server. */
export async function application(trust: Trust): Promise<INestApplication> {
  const { keys } = (await (await fetch(trust.jwksUri)).json()) as { keys: JsonWebKey[] };
  // The service wants a key of its own to sign with.
  const jwt = new JwtService({ key: makeKey('P-256'), previousKeys: keys });
  const checks = checksOf(trust);

  @Controller('orders')
  class OrdersController {
    constructor(@Inject(JwtService) private readonly service: JwtService) {}

    @Get()
    async list(@Headers('authorization') authorization = '') {
      try {
        const { sub } = await this.service.verify(authorization.slice('Bearer '.length), checks);
        return { sub };
      } catch {
        throw new UnauthorizedException();
      }
    }
  }

  @Module({
    providers: [{ provide: JwtService, useValue: jwt }],
    controllers: [OrdersController],
  })
  class VerifyingModule {}

  return NestFactory.create(VerifyingModule, { logger: ['error'] });
}
