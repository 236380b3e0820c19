// The page where the user signs in.
import { randomBytes } from 'node:crypto';
import {
  BadRequestException,
  Controller,
  Get,
  Param,
  Post,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';
import type { Settings } from '../settings.js';
import { FailedAttempts } from '../throttling/failed-attempts.js';
import { UserRepository } from '../users/user.repository.js';
import { CsrfGuard } from '../web/csrf.guard.js';
import { Pages } from '../web/pages.js';
import { regenerateSession, saveSession, startSession } from '../web/session.js';
import { PendingRequestRepository } from './pending-request.repository.js';

const credentials = z.object({ username: z.string(), password: z.string() });

@Controller('sign-in/:requestId')
export class SignInController {
  private readonly issuer: string;

  constructor(
    private readonly users: UserRepository,
    private readonly pendingRequests: PendingRequestRepository,
    private readonly pages: Pages,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  async show(@Param('requestId') requestId: string, @Req() request: Request): Promise<string> {
    const { parameters } = await this.pendingRequest(requestId, request);
    return this.render(request, parameters.login_hint);
  }

  @Post()
  @UseGuards(CsrfGuard)
  @UseInterceptors(FailedAttempts)
  async signIn(@Param('requestId') requestId: string, @Req() request: Request, @Res() response: Response) {
    await this.pendingRequest(requestId, request);
    const { username, password } = readParameters(credentials, request.body);
    const user = await this.users.findByPassword(username, password);
    if (!user) {
      response.status(403).send(this.render(request, username, 'The user name or the password is wrong.'));
      return;
    }

    const oldSessionId = request.sessionID;
    // A session identifier that somebody planted before the sign-in is worth nothing after it.
    await regenerateSession(request);
    request.session.userId = user.id;
    request.session.signedInAt = Date.now();
    request.session.sid = randomBytes(16).toString('base64url');
    await saveSession(request);
    await this.pendingRequests.moveToSession(oldSessionId, request.sessionID);
    response.redirect(303, `${this.issuer}/consent/${requestId}`);
  }

  private async pendingRequest(requestId: string, request: Request) {
    const pending = await this.pendingRequests.find(requestId, request.sessionID);
    if (!pending) throw new BadRequestException('This sign-in is no longer open.');
    return pending;
  }

  private render(request: Request, username?: string, error?: string): string {
    return this.pages.render('sign-in', { csrfToken: startSession(request.session), username, error });
  }
}
