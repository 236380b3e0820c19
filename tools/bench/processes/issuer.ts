import 'reflect-metadata';

import { Controller, Get, Inject, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { payload } from '../contender.js';
import { checksOf } from '../trust.js';
import { makeKey } from '../keys.js';
import { cpuTime } from '../rounds.js';
import { serve } from './serve.js';

const checks = checksOf({ issuer: payload.iss, audience: payload.aud });

@Controller()
class IssuerController {
  constructor(@Inject(JwtService) private readonly jwt: JwtService) {}

  @Get('token')
  token() {
    return this.jwt.sign(payload);
  }

  /** Microseconds of CPU time of one `verify` of many in a row. */
  @Get('verify')
  async verify() {
    const token = await this.token();
    return cpuTime(() => this.jwt.verify(token, checks));
  }
}

@Module({
  imports: [OidcKeyModule.forRoot({ key: makeKey('RSA-2048') })],
  controllers: [IssuerController],
})
class IssuerModule {}

await serve(() => NestFactory.create(IssuerModule, { logger: ['error'] }));
