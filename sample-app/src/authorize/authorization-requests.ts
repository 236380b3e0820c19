// Finds out whom an authorization request comes from, and whether it may be answered.
import { AuthorizationServer, type OAuthClient } from '@jmondi/oauth2-server';
import { BadRequestException, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ClientRepository } from '../clients/client.repository.js';
import { isRegisteredRedirectUri } from '../clients/redirect-uri.js';
import { readParameters } from '../http/parameters.js';
import type { OidcAuthorizationRequest } from '../oauth/oidc-auth-code.grant.js';
import { SCOPES } from '../oauth/scopes.js';
import { AuthorizationError } from './authorization-error.js';
import { type CheckedParameters, hasPrompt } from './authorization-parameters.js';
import { asksForAnotherAcr, namedScopes } from './claims-parameter.js';

/** Where the answer to an authorization request goes. */
export interface Recipient {
  client: OAuthClient;
  redirectUri: string;
}

const recipientParameters = z.object({ client_id: z.string(), redirect_uri: z.string() });

@Injectable()
export class AuthorizationRequests {
  constructor(
    private readonly server: AuthorizationServer,
    private readonly clients: ClientRepository,
  ) {}

  /**
   * Comes before all else: until client and redirect_uri are known to belong together, no answer may be sent to
   * that address (RFC 6749 section 4.1.2.1). OpenID Connect requires redirect_uri, so it is never guessed.
   */
  async findRecipient(query: unknown): Promise<Recipient> {
    const { client_id, redirect_uri } = readParameters(recipientParameters, query);
    const client = await this.clients.find(client_id);
    if (!client) {
      throw new BadRequestException('The application that sent you here is not known to this server.');
    }
    if (!isRegisteredRedirectUri(redirect_uri, client.redirectUris)) {
      throw new BadRequestException(
        'The redirect_uri is not registered for the application that sent you here.',
      );
    }
    return { client, redirectUri: redirect_uri };
  }

  async validate(client: OAuthClient, parameters: CheckedParameters): Promise<OidcAuthorizationRequest> {
    if (!client.allowedGrants.includes('authorization_code')) {
      throw new AuthorizationError('unauthorized_client');
    }
    const { nonce, claims } = parameters;
    if (asksForAnotherAcr(claims)) throw new AuthorizationError('unmet_authentication_requirements');
    const scopes = understoodScopes(parameters);
    // With `claims`, whose text is not what 4.3.7 wants to see, left out.
    const query = { ...parameters, claims: undefined, scope: scopes.join(' ') };
    const request = await this.server.validateAuthorizationRequest({ headers: {}, query, body: {} });
    if (request.scopes.length === 0) throw new AuthorizationError('invalid_scope', 'A scope is required');
    if (scopes.includes('openid')) {
      const registered = client.scopes.map(({ name }) => name);
      request.scopes.push(...namedScopes(claims, registered, scopes).map((name) => ({ name })));
    }
    return Object.assign(request, { nonce });
  }
}

/**
 * What this server does not understand is ignored (OpenID Connect Core section 3.1.2.1), and so is offline_access
 * without a consent that the user is asked for (section 11).
 */
function understoodScopes(parameters: CheckedParameters): string[] {
  const names = new Set(parameters.scope?.split(' '));
  return [...names].filter(
    (name) => SCOPES.has(name) && (name !== 'offline_access' || hasPrompt(parameters, 'consent')),
  );
}
