// Ends the session at this server when a client or the user asks (OpenID Connect RP-Initiated Logout 1.0).
import { stringify } from 'node:querystring';
import { BadRequestException, Body, Controller, Get, Post, Query, Req, Res, UseGuards } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { ClientRepository } from '../clients/client.repository.js';
import { readParameters } from '../http/parameters.js';
import { IdTokenService } from '../oauth/id-token.service.js';
import type { Settings } from '../settings.js';
import { contentSecurityPolicy } from '../web/content-security-policy.js';
import { CsrfGuard } from '../web/csrf.guard.js';
import { Pages } from '../web/pages.js';
import { destroySession, startSession } from '../web/session.js';
import { LONGEST_STATE } from './authorization-parameters.js';
import { withParameters } from './authorization-responses.js';

const parameters = z.object({
  id_token_hint: z.string().max(8192).optional(),
  client_id: z.string().max(256).optional(),
  post_logout_redirect_uri: z.string().max(2048).optional(),
  state: z.string().max(LONGEST_STATE).optional(),
});

/** Tokens that clients hold live on; revoking them is the clients' business. */
@Controller('end-session')
export class EndSessionController {
  private readonly issuer: string;

  constructor(
    private readonly clients: ClientRepository,
    private readonly idTokens: IdTokenService,
    private readonly pages: Pages,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  @Get()
  async ask(@Query() query: unknown, @Req() request: Request, @Res() response: Response): Promise<void> {
    const { id_token_hint, client_id, post_logout_redirect_uri, state } = readParameters(parameters, query);
    const hint = id_token_hint === undefined ? undefined : await this.idTokens.readHint(id_token_hint);
    if (id_token_hint !== undefined && !hint) {
      throw new BadRequestException('The id_token_hint is no ID token of this server.');
    }
    if (hint && client_id !== undefined && client_id !== hint.aud) {
      throw new BadRequestException('The id_token_hint was made for another application.');
    }

    const clientId = hint?.aud ?? client_id;
    const target = await this.target(clientId, post_logout_redirect_uri, state);
    const { userId, sid } = request.session;
    // An ID token of another session is a stolen one, or an old one: it ends nothing unless the user says so.
    if (userId === undefined) {
      // There may be a sign-in under way, and this is not the way to end it.
      this.answer(response, target);
      return;
    }
    if (hint && hint.sub === userId && hint.sid !== undefined && hint.sid === sid) {
      await this.end(request, response, target);
      return;
    }
    const page = this.pages.render('end-session', {
      csrfToken: startSession(request.session),
      action: `${this.issuer}/end-session/confirm`,
      fields: { client_id: clientId, post_logout_redirect_uri, state },
    });
    response.set('Content-Security-Policy', contentSecurityPolicy(target)).send(page);
  }

  // A browser sends no SameSite=Lax cookie with a POST that comes from another site; it does with the GET that
  // follows the redirect.
  @Post()
  askByForm(@Body() body: Record<string, string | string[]> | undefined, @Res() response: Response): void {
    response.redirect(303, `${this.issuer}/end-session?${stringify(body)}`);
  }

  @Post('confirm')
  @UseGuards(CsrfGuard)
  async confirm(@Req() request: Request, @Res() response: Response): Promise<void> {
    const { client_id, post_logout_redirect_uri, state } = readParameters(parameters, request.body);
    await this.end(request, response, await this.target(client_id, post_logout_redirect_uri, state));
  }

  /** Only to where the client registered, to the letter (section 3). */
  private async target(clientId?: string, uri?: string, state?: string): Promise<string | undefined> {
    if (uri === undefined) return undefined;
    const client = clientId === undefined ? undefined : await this.clients.find(clientId);
    if (!client?.postLogoutRedirectUris.includes(uri)) {
      throw new BadRequestException(
        'The post_logout_redirect_uri is not registered for the application that sent you here.',
      );
    }
    return state === undefined ? uri : withParameters(uri, { state });
  }

  private async end(request: Request, response: Response, target: string | undefined): Promise<void> {
    await destroySession(request);
    this.answer(response, target);
  }

  private answer(response: Response, target: string | undefined): void {
    if (target === undefined) response.status(200).send(this.pages.render('signed-out', {}));
    else response.redirect(303, target);
  }
}
