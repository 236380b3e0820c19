// A protected resource.
import { Controller, Get, UseGuards } from '@nestjs/common';
import {
  AccessToken,
  type AccessTokenClaims,
  AccessTokenGuard,
  RequireScopes,
} from 'nestjs-oidc-key/resource-server';

/** A protected resource. */
@Controller('api/me')
@UseGuards(AccessTokenGuard)
export class MeController {
  @Get()
  @RequireScopes('api')
  me(@AccessToken() { sub, client_id, scope }: AccessTokenClaims): Record<string, unknown> {
    return { sub, client_id, scope };
  }
}
