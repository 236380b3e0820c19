// Decides what stands between an authorization request and its answer: a sign-in, a consent, or nothing.
import { AuthorizationServer, type OAuthClient } from '@jmondi/oauth2-server';
import { Injectable } from '@nestjs/common';
import type { SessionData } from 'express-session';
import type { OidcAuthorizationRequest } from '../oauth/oidc-auth-code.grant.js';
import { type User, UserRepository } from '../users/user.repository.js';
import { AuthorizationError } from './authorization-error.js';
import { type CheckedParameters, hasPrompt } from './authorization-parameters.js';
import { AuthorizationRequests, type Recipient } from './authorization-requests.js';
import { AuthorizationResponses } from './authorization-responses.js';
import { ConsentRepository } from './consent.repository.js';
import { mustSignIn } from './must-sign-in.js';

export interface SignedIn {
  user: User;
  request: OidcAuthorizationRequest;
  /** The scopes of the request that the user has not allowed this client yet. */
  newScopes: string[];
  mustConsent: boolean;
}

@Injectable()
export class AuthorizationSteps {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly requests: AuthorizationRequests,
    private readonly responses: AuthorizationResponses,
    private readonly users: UserRepository,
    private readonly consents: ConsentRepository,
  ) {}

  /** Undefined if the user has to sign in. */
  async signedIn(
    { client, redirectUri }: Recipient,
    parameters: CheckedParameters,
    requestedAt: Date,
    session: Partial<SessionData>,
  ): Promise<SignedIn | undefined> {
    const request = await this.requests.validate(client, parameters);
    const { userId, signedInAt, sid } = session;
    if (userId === undefined || signedInAt === undefined) return undefined;
    if (mustSignIn(parameters, requestedAt, session)) return undefined;
    const user = await this.users.findById(userId);
    if (!user) return undefined;
    if (parameters.subject !== undefined && parameters.subject !== user.id) {
      // Who signed in for this very request is not whom the client asked for, and nobody else is logged in there
      // in their place (OpenID Connect Core section 3.1.2.2).
      if (signedInAt > requestedAt.getTime())
        throw new AuthorizationError('login_required', 'Another user signed in');
      return undefined;
    }

    request.user = user;
    request.authTime = Math.floor(signedInAt / 1000);
    request.sid = sid;
    const allowed = await this.consents.scopesOf(user.id, client.id);
    const newScopes = scopesOf(request).filter((scope) => !allowed.includes(scope));
    const mustConsent =
      newScopes.length > 0 || hasPrompt(parameters, 'consent') || canBeImpersonated(client, redirectUri);
    return { user, request, newScopes, mustConsent };
  }

  /** After the user approved of all that the request asks for: now, or once before. */
  async complete({ request }: SignedIn): Promise<string> {
    request.isAuthorizationApproved = true;
    const response = await this.server.completeAuthorizationRequest(request);
    return this.responses.success(response.get('location'));
  }
}

export function scopesOf({ scopes }: OidcAuthorizationRequest): string[] {
  return scopes.map(({ name }) => name);
}

// Any program on the user's device can ask in the name of a native app and listen at its address, so the user is
// always asked (RFC 6749 section 10.2, RFC 8252 section 8.6). An https address leads to its owner alone.
function canBeImpersonated({ secret }: OAuthClient, redirectUri: string): boolean {
  return !secret && !redirectUri.startsWith('https:');
}
