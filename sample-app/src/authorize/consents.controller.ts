// The page where a user sees what each application may do, and withdraws it.
import { Controller, Get, Post, Req, Res, ForbiddenException, UseGuards } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { readParameters } from '../http/parameters.js';
import { describeScope } from '../oauth/scopes.js';
import type { Settings } from '../settings.js';
import { CsrfGuard } from '../web/csrf.guard.js';
import { Pages } from '../web/pages.js';
import { startSession } from '../web/session.js';
import { ConsentRepository } from './consent.repository.js';

const form = z.object({ client_id: z.string() });

@Controller('consents')
export class ConsentsController {
  private readonly issuer: string;

  constructor(
    private readonly consents: ConsentRepository,
    private readonly pages: Pages,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  async show(@Req() request: Request): Promise<string> {
    const consents = await this.consents.listOf(userIdOf(request));
    return this.pages.render('consents', {
      csrfToken: startSession(request.session),
      consents: consents.map((consent) => ({ ...consent, scopes: consent.scopes.map(describeScope) })),
    });
  }

  @Post()
  @UseGuards(CsrfGuard)
  async withdraw(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { client_id } = readParameters(form, request.body);
    await this.consents.withdraw(userIdOf(request), client_id);
    response.redirect(303, `${this.issuer}/consents`);
  }
}

function userIdOf({ session }: Request): string {
  if (session.userId === undefined)
    throw new ForbiddenException('Nobody is signed in here. Sign in to an application first.');
  return session.userId;
}
