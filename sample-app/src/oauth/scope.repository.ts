// Says to the authorization server which scopes there are, and which a client may have.
import {
  type GrantIdentifier,
  type OAuthClient,
  OAuthException,
  type OAuthScope,
  type OAuthScopeRepository,
} from '@jmondi/oauth2-server';
import { Injectable } from '@nestjs/common';
import { isKnownScope, isUserScope, registeredScopeOf } from './scopes.js';

@Injectable()
export class ScopeRepository implements OAuthScopeRepository {
  async getAllByIdentifiers(names: string[]): Promise<OAuthScope[]> {
    return [...new Set(names)].filter(isKnownScope).map((name) => ({ name }));
  }

  async finalize(scopes: OAuthScope[], grant: GrantIdentifier, client: OAuthClient): Promise<OAuthScope[]> {
    const allowed = new Set(client.scopes.map((scope) => scope.name));
    if (client.allowedGrants.includes('refresh_token')) allowed.add('offline_access');

    const refused = scopes.find(
      ({ name }) =>
        !allowed.has(registeredScopeOf(name)) || (grant === 'client_credentials' && isUserScope(name)),
    );
    if (refused) throw OAuthException.invalidScope(refused.name);
    return scopes;
  }
}
