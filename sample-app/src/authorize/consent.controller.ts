// The page where the user allows a client what it asks for, or not.
import { BadRequestException, Controller, Get, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';
import { describeScope } from '../oauth/scopes.js';
import type { Settings } from '../settings.js';
import { contentSecurityPolicy } from '../web/content-security-policy.js';
import { CsrfGuard } from '../web/csrf.guard.js';
import { Pages } from '../web/pages.js';
import { startSession } from '../web/session.js';
import { AuthorizationError } from './authorization-error.js';
import { AuthorizationRequests, type Recipient } from './authorization-requests.js';
import { AuthorizationResponses } from './authorization-responses.js';
import { AuthorizationSteps, type SignedIn, scopesOf } from './authorization-steps.js';
import { ConsentRepository } from './consent.repository.js';
import { type PendingRequest, PendingRequestRepository } from './pending-request.repository.js';

const form = z.object({ decision: z.enum(['approve', 'deny', 'switch']), shown: z.string().default('') });

@Controller('consent/:requestId')
export class ConsentController {
  private readonly issuer: string;

  constructor(
    private readonly requests: AuthorizationRequests,
    private readonly responses: AuthorizationResponses,
    private readonly pendingRequests: PendingRequestRepository,
    private readonly steps: AuthorizationSteps,
    private readonly consents: ConsentRepository,
    private readonly pages: Pages,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  async show(@Param('requestId') requestId: string, @Req() request: Request, @Res() response: Response) {
    const pending = await this.pendingRequests.find(requestId, request.sessionID);
    if (!pending) throw noLongerOpen();
    const recipient = await this.requests.findRecipient(pending.parameters);
    let signedIn: SignedIn | undefined;
    try {
      signedIn = await this.signedIn(recipient, pending, request);
      if (signedIn && !signedIn.mustConsent) {
        await this.take(requestId, request);
        response.redirect(303, await this.steps.complete(signedIn));
        return;
      }
    } catch (error) {
      response.redirect(303, this.failure(recipient, pending, error));
      return;
    }
    if (!signedIn) {
      this.redirectToSignIn(response, requestId);
      return;
    }

    const { user, newScopes } = signedIn;
    const page = this.pages.render('consent', {
      csrfToken: startSession(request.session),
      clientName: recipient.client.name,
      userName: user.name,
      shown: scopesOf(signedIn.request).join(' '),
      scopes: scopesOf(signedIn.request).map((scope) => ({
        text: describeScope(scope),
        isNew: newScopes.includes(scope),
      })),
    });
    // Some browsers hold form-action against the redirect that follows the form too, so the client is named.
    response.set('Content-Security-Policy', contentSecurityPolicy(recipient.redirectUri)).send(page);
  }

  @Post()
  @UseGuards(CsrfGuard)
  async decide(@Param('requestId') requestId: string, @Req() request: Request, @Res() response: Response) {
    const { decision, shown } = readParameters(form, request.body);
    const pending = await this.pendingRequests.find(requestId, request.sessionID);
    if (!pending) throw noLongerOpen();
    const recipient = await this.requests.findRecipient(pending.parameters);
    let location: string;
    try {
      const signedIn = await this.signedIn(recipient, pending, request);
      if (!signedIn || decision === 'switch') {
        delete request.session.userId;
        this.redirectToSignIn(response, requestId);
        return;
      }
      if (decision === 'approve' && !wasAllShown(signedIn, shown.split(' '))) {
        response.redirect(303, `${this.issuer}/consent/${requestId}`);
        return;
      }
      await this.take(requestId, request);
      location = await this.answer(recipient, decision, signedIn);
    } catch (error) {
      location = this.failure(recipient, pending, error);
    }
    response.redirect(303, location);
  }

  private async answer({ client }: Recipient, decision: string, signedIn: SignedIn): Promise<string> {
    if (decision === 'deny') throw new AuthorizationError('access_denied', 'The user refused');
    await this.consents.remember(signedIn.user.id, client.id, scopesOf(signedIn.request));
    return this.steps.complete(signedIn);
  }

  private signedIn(recipient: Recipient, { parameters, createdAt }: PendingRequest, { session }: Request) {
    return this.steps.signedIn(recipient, parameters, createdAt, session);
  }

  private failure({ redirectUri }: Recipient, { parameters }: PendingRequest, error: unknown): string {
    if (error instanceof BadRequestException) throw error;
    return this.responses.failure(redirectUri, parameters.state, error);
  }

  private async take(requestId: string, { sessionID }: Request): Promise<void> {
    if (!(await this.pendingRequests.take(requestId, sessionID))) throw noLongerOpen();
  }

  private redirectToSignIn(response: Response, requestId: string): void {
    response.redirect(303, `${this.issuer}/sign-in/${requestId}`);
  }
}

/** The client may have come to be allowed more since the page was made. */
function wasAllShown({ request }: SignedIn, shown: readonly string[]): boolean {
  return scopesOf(request).every((scope) => shown.includes(scope));
}

function noLongerOpen(): BadRequestException {
  return new BadRequestException('This request is no longer open.');
}
