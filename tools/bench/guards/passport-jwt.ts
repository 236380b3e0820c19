import { Controller, ForbiddenException, Get, Module, Req, UseGuards } from '@nestjs/common';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AuthGuard, PassportModule, PassportStrategy } from '@nestjs/passport';
import jwksRsa from 'jwks-rsa';
import { ExtractJwt, Strategy } from 'passport-jwt';

import type { Trust } from '../trust.js';

interface Claims {
  readonly sub: string;
  readonly scope: string;
}

@Controller('orders')
@UseGuards(AuthGuard('jwt'))
class OrdersController {
  @Get()
  list(@Req() { user }: { user: Claims }) {
    return { sub: user.sub };
  }
}

export function application({ issuer, jwksUri, audience, scope }: Trust): Promise<INestApplication> {
  class JwtStrategy extends PassportStrategy(Strategy) {
    constructor() {
      super({
        secretOrKeyProvider: jwksRsa.passportJwtSecret({
          cache: true,
          rateLimit: true,
          jwksRequestsPerMinute: 5,
          jwksUri,
        }),
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        audience,
        issuer,
        algorithms: ['RS256'],
      });
    }

    validate(claims: Claims): Claims {
      if (!claims.scope.split(' ').includes(scope)) throw new ForbiddenException();
      return claims;
    }
  }

  @Module({ imports: [PassportModule], controllers: [OrdersController], providers: [JwtStrategy] })
  class GuardedModule {}

  return NestFactory.create(GuardedModule, { logger: ['error'] });
}
