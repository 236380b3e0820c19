import { stringify } from 'node:querystring';
import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import type { Settings } from '../settings.js';
import { startSession } from '../web/session.js';
import { AuthorizationError } from './authorization-error.js';
import { hasPrompt, readAuthorizationParameters } from './authorization-parameters.js';
import { AuthorizationRequests, type Recipient } from './authorization-requests.js';
import { AuthorizationResponses } from './authorization-responses.js';
import { mustSignIn } from './must-sign-in.js';
import { PendingRequestRepository } from './pending-request.repository.js';

/** The authorization endpoint (RFC 6749 section 3.1). */
@Controller('authorize')
export class AuthorizeController {
  private readonly issuer: string;

  constructor(
    private readonly requests: AuthorizationRequests,
    private readonly responses: AuthorizationResponses,
    private readonly pendingRequests: PendingRequestRepository,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  async authorize(
    @Query() query: Record<string, unknown>,
    @Req() request: Request,
    @Res() response: Response,
  ) {
    const recipient = await this.requests.findRecipient(query);
    let location: string;
    try {
      location = await this.firstPage(recipient, query, request);
    } catch (error) {
      location = this.responses.failure(recipient.redirectUri, query['state'], error);
    }
    response.redirect(303, location);
  }

  // OpenID Connect Core section 3.1.2.1 wants POST too. A browser sends no SameSite=Lax cookie with a POST that
  // comes from another site; it does with the GET that follows the redirect.
  @Post()
  authorizeByForm(
    @Body() body: Record<string, string | string[]> | undefined,
    @Res() response: Response,
  ): void {
    // Passes on twice what came twice, so that it is refused; URLSearchParams would make one text of it.
    response.redirect(303, `${this.issuer}/authorize?${stringify(body)}`);
  }

  private async firstPage({ client }: Recipient, query: unknown, request: Request): Promise<string> {
    const parameters = readAuthorizationParameters(query);
    await this.requests.validate(client, parameters);

    if (hasPrompt(parameters, 'none')) {
      // Consent is asked each time, so a request that allows no page can't succeed.
      const signIn = mustSignIn(parameters, new Date(), request.session);
      throw new AuthorizationError(signIn ? 'login_required' : 'consent_required');
    }

    startSession(request.session);
    const pending = await this.pendingRequests.create(request.sessionID, parameters);
    const page = mustSignIn(parameters, pending.createdAt, request.session) ? 'sign-in' : 'consent';
    return `${this.issuer}/${page}/${pending.id}`;
  }
}
