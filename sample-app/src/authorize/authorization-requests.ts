import { AuthorizationServer, type OAuthClient } from '@jmondi/oauth2-server';
import { BadRequestException, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ClientRepository } from '../clients/client.repository.js';
import { isRegisteredRedirectUri } from '../clients/redirect-uri.js';
import { readParameters } from '../http/parameters.js';
import type { OidcAuthorizationRequest } from '../oauth/oidc-auth-code.grant.js';
import { AuthorizationError } from './authorization-error.js';
import type { AuthorizationParameters } from './authorization-parameters.js';

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

  async validate(
    client: OAuthClient,
    parameters: AuthorizationParameters,
  ): Promise<OidcAuthorizationRequest> {
    if (!client.allowedGrants.includes('authorization_code')) {
      throw new AuthorizationError('unauthorized_client');
    }
    const request = await this.server.validateAuthorizationRequest({
      headers: {},
      query: parameters,
      body: {},
    });
    if (request.scopes.length === 0) throw new AuthorizationError('invalid_scope', 'A scope is required');
    return Object.assign(request, { nonce: parameters.nonce });
  }
}
