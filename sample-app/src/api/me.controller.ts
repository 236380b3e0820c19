import { Controller, Get, Req, UseGuards } from '@nestjs/common';
import { AccessTokenGuard, type AuthorizedRequest } from './access-token.guard.js';

/** A protected resource. */
@Controller('api/me')
@UseGuards(AccessTokenGuard)
export class MeController {
  @Get()
  me(@Req() { accessToken }: AuthorizedRequest): Record<string, unknown> {
    return { sub: accessToken.sub, client_id: accessToken['client_id'], scope: accessToken['scope'] };
  }
}
