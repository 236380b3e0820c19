import {
  type GrantIdentifier,
  type OAuthClient,
  OAuthException,
  type OAuthScope,
  type OAuthScopeRepository,
} from '@jmondi/oauth2-server';
import { Injectable } from '@nestjs/common';
import { SCOPES, USER_SCOPES } from './scopes.js';

@Injectable()
export class ScopeRepository implements OAuthScopeRepository {
  async getAllByIdentifiers(names: string[]): Promise<OAuthScope[]> {
    return [...new Set(names)].filter((name) => SCOPES.has(name)).map((name) => ({ name }));
  }

  async finalize(scopes: OAuthScope[], grant: GrantIdentifier, client: OAuthClient): Promise<OAuthScope[]> {
    const allowed = new Set(client.scopes.map((scope) => scope.name));
    if (grant === 'client_credentials') USER_SCOPES.forEach((name) => allowed.delete(name));

    const refused = scopes.find((scope) => !allowed.has(scope.name));
    if (refused) throw OAuthException.invalidScope(refused.name);
    return scopes;
  }
}
