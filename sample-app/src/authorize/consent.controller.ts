import { AuthorizationServer } from '@jmondi/oauth2-server';
import { BadRequestException, Controller, Get, Param, Post, Req, Res, UseGuards } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';
import { SCOPES } from '../oauth/scopes.js';
import type { Settings } from '../settings.js';
import { type User, UserRepository } from '../users/user.repository.js';
import { contentSecurityPolicy } from '../web/content-security-policy.js';
import { CsrfGuard } from '../web/csrf.guard.js';
import { Pages } from '../web/pages.js';
import { startSession } from '../web/session.js';
import { AuthorizationError } from './authorization-error.js';
import { AuthorizationRequests } from './authorization-requests.js';
import { AuthorizationResponses } from './authorization-responses.js';
import { mustSignIn } from './must-sign-in.js';
import { type PendingRequest, PendingRequestRepository } from './pending-request.repository.js';

const form = z.object({ decision: z.enum(['approve', 'deny', 'switch']) });

interface SignIn {
  user: User;
  /** Milliseconds since the epoch. */
  signedInAt: number;
}

@Controller('consent/:requestId')
export class ConsentController {
  private readonly issuer: string;

  constructor(
    private readonly server: AuthorizationServer,
    private readonly requests: AuthorizationRequests,
    private readonly responses: AuthorizationResponses,
    private readonly pendingRequests: PendingRequestRepository,
    private readonly users: UserRepository,
    private readonly pages: Pages,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  async show(@Param('requestId') requestId: string, @Req() request: Request, @Res() response: Response) {
    const pending = await this.pendingRequests.find(requestId, request.sessionID);
    if (!pending) throw noLongerOpen();
    const signIn = await this.findSignIn(pending, request);
    if (!signIn) {
      this.redirectToSignIn(response, requestId);
      return;
    }

    const { client, redirectUri } = await this.requests.findRecipient(pending.parameters);
    const { scopes } = await this.requests.validate(client, pending.parameters);
    const page = this.pages.render('consent', {
      csrfToken: startSession(request.session),
      clientName: client.name,
      userName: signIn.user.name,
      scopes: scopes.map((scope) => SCOPES.get(scope.name)),
    });
    // Some browsers hold form-action against the redirect that follows the form too, so the client is named.
    response.set('Content-Security-Policy', contentSecurityPolicy(redirectUri)).send(page);
  }

  @Post()
  @UseGuards(CsrfGuard)
  async decide(@Param('requestId') requestId: string, @Req() request: Request, @Res() response: Response) {
    const { decision } = readParameters(form, request.body);
    const pending = await this.pendingRequests.find(requestId, request.sessionID);
    if (!pending) throw noLongerOpen();
    const signIn = await this.findSignIn(pending, request);
    if (!signIn || decision === 'switch') {
      delete request.session.userId;
      this.redirectToSignIn(response, requestId);
      return;
    }

    if (!(await this.pendingRequests.take(requestId, request.sessionID))) throw noLongerOpen();
    response.redirect(303, await this.answer(pending, decision, signIn));
  }

  private async answer({ parameters }: PendingRequest, decision: string, signIn: SignIn): Promise<string> {
    const { client, redirectUri } = await this.requests.findRecipient(parameters);
    try {
      if (decision === 'deny') throw new AuthorizationError('access_denied', 'The user refused');

      const authorizationRequest = await this.requests.validate(client, parameters);
      authorizationRequest.user = signIn.user;
      authorizationRequest.isAuthorizationApproved = true;
      authorizationRequest.authTime = Math.floor(signIn.signedInAt / 1000);
      const response = await this.server.completeAuthorizationRequest(authorizationRequest);
      return this.responses.success(response.get('location'));
    } catch (error) {
      return this.responses.failure(redirectUri, parameters.state, error);
    }
  }

  /** The sign-in of this session, if it is good enough for the request. */
  private async findSignIn(
    { parameters, createdAt }: PendingRequest,
    { session }: Request,
  ): Promise<SignIn | undefined> {
    const { userId, signedInAt } = session;
    if (userId === undefined || signedInAt === undefined || mustSignIn(parameters, createdAt, session)) {
      return undefined;
    }
    const user = await this.users.findById(userId);
    return user && { user, signedInAt };
  }

  private redirectToSignIn(response: Response, requestId: string): void {
    response.redirect(303, `${this.issuer}/sign-in/${requestId}`);
  }
}

function noLongerOpen(): BadRequestException {
  return new BadRequestException('This request is no longer open.');
}
