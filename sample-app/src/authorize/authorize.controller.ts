// The authorization endpoint: answers a request at once, or sends the user to the page that it needs.
import { stringify } from 'node:querystring';
import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import { IdTokenService } from '../oauth/id-token.service.js';
import type { Settings } from '../settings.js';
import { startSession } from '../web/session.js';
import { AuthorizationError } from './authorization-error.js';
import {
  type CheckedParameters,
  hasPrompt,
  readAuthorizationParameters,
} from './authorization-parameters.js';
import { subjectIn } from './claims-parameter.js';
import { AuthorizationRequests, type Recipient } from './authorization-requests.js';
import { AuthorizationResponses } from './authorization-responses.js';
import { AuthorizationSteps } from './authorization-steps.js';
import { PendingRequestRepository } from './pending-request.repository.js';

/** The authorization endpoint (RFC 6749 section 3.1). */
@Controller('authorize')
export class AuthorizeController {
  private readonly issuer: string;

  constructor(
    private readonly requests: AuthorizationRequests,
    private readonly responses: AuthorizationResponses,
    private readonly steps: AuthorizationSteps,
    private readonly idTokens: IdTokenService,
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

  private async firstPage(recipient: Recipient, query: unknown, request: Request): Promise<string> {
    const { id_token_hint, ...others } = readAuthorizationParameters(query);
    const parameters: CheckedParameters = {
      ...others,
      subject: await this.subjectOf(recipient.client.id, id_token_hint, others),
    };
    const signedIn = await this.steps.signedIn(recipient, parameters, new Date(), request.session);
    if (signedIn && !signedIn.mustConsent) return this.steps.complete(signedIn);
    if (hasPrompt(parameters, 'none')) {
      throw new AuthorizationError(signedIn ? 'consent_required' : 'login_required');
    }

    startSession(request.session);
    const pending = await this.pendingRequests.create(request.sessionID, parameters);
    return `${this.issuer}/${signedIn ? 'consent' : 'sign-in'}/${pending.id}`;
  }

  /** By id_token_hint (OpenID Connect Core section 3.1.2.2), or by `sub` in the parameter `claims` (5.5.1). */
  private async subjectOf(
    clientId: string,
    idToken: string | undefined,
    { claims }: CheckedParameters,
  ): Promise<string | undefined> {
    const subject = subjectIn(claims);
    if (idToken === undefined) return subject;
    const hint = await this.idTokens.readHint(idToken, clientId);
    // To go on without it could log in somebody else than the client means.
    if (!hint || (subject !== undefined && subject !== hint.sub)) {
      throw new AuthorizationError('invalid_request', 'The id_token_hint is no ID token for this client');
    }
    return hint.sub;
  }
}
