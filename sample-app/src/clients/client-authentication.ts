// Finds out which client calls (RFC 6749 section 2.3).
import { type OAuthClient, OAuthException } from '@jmondi/oauth2-server';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { readClientCredentials } from './client-credentials.js';
import { ClientRepository } from './client.repository.js';

/** For the endpoints that no grant type stands behind: introspection and revocation. */
@Injectable()
export class ClientAuthentication {
  constructor(private readonly clients: ClientRepository) {}

  async authenticate(request: Request): Promise<OAuthClient> {
    const { client_id, client_secret } = readClientCredentials(request);
    const client = await this.clients.getByIdentifier(client_id);
    if (!(await this.clients.secretMatches(client, client_secret))) throw OAuthException.invalidClient();
    return client;
  }

  /** A public client proves nothing about itself: anybody could ask in its name. */
  async authenticateConfidential(request: Request): Promise<OAuthClient> {
    const client = await this.authenticate(request);
    if (!client.secret) throw OAuthException.invalidClient('A public client may not use this endpoint');
    return client;
  }
}
