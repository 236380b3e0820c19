import { AuthorizationServer, type OAuthResponse } from '@jmondi/oauth2-server';
import { handleExpressError, handleExpressResponse, requestFromExpress } from '@jmondi/oauth2-server/express';
import { Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';

import { alice } from './repositories.js';

const send = (response: Response, answer: Promise<OAuthResponse>) =>
  answer.then(
    (good) => handleExpressResponse(response, good),
    (error: unknown) => handleExpressError(error, response),
  );

@Controller()
export class OAuthController {
  constructor(@Inject(AuthorizationServer) private readonly server: AuthorizationServer) {}

  @Get('authorize')
  authorize(@Req() request: Request, @Res() response: Response) {
    return send(response, this.approve(request));
  }

  @Post('token')
  token(@Req() request: Request, @Res() response: Response) {
    return send(response, this.server.respondToAccessTokenRequest(requestFromExpress(request)));
  }

  private async approve(request: Request): Promise<OAuthResponse> {
    const asked = await this.server.validateAuthorizationRequest(requestFromExpress(request));
    // Your sign-in and your page of consent belong here: this server has one user, who always says yes.
    asked.user = alice;
    asked.isAuthorizationApproved = true;
    return this.server.completeAuthorizationRequest(asked);
  }
}
