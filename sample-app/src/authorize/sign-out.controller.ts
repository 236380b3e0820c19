import { Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { CsrfGuard } from '../web/csrf.guard.js';
import { Pages } from '../web/pages.js';
import { destroySession, startSession } from '../web/session.js';

/** Ends the session at this server. Tokens that clients hold live on; revoking them is the clients' business. */
@Controller('sign-out')
export class SignOutController {
  constructor(private readonly pages: Pages) {}

  @Get()
  show(@Req() request: Request): string {
    return this.pages.render('sign-out', { csrfToken: startSession(request.session) });
  }

  @Post()
  @HttpCode(200)
  @UseGuards(CsrfGuard)
  async signOut(@Req() request: Request): Promise<string> {
    await destroySession(request);
    return this.pages.render('signed-out', {});
  }
}
