// Compiled, never run: what 4.3.7 of @jmondi/oauth2-server, which is installed, accepts, and what is accepted of it.
import { AuthorizationServer } from '@jmondi/oauth2-server';
import type {
  ExtraAccessTokenFieldArgs,
  ExtraAccessTokenFields,
  JwtInterface,
  OAuthClientRepository,
  OAuthScopeRepository,
  OAuthTokenRepository,
} from '@jmondi/oauth2-server';
import { JwtService } from 'nestjs-oidc-key';
import type { KeyInfo } from 'nestjs-oidc-key';

import { expectSame } from './same.js';
import type { IsAny } from './same.js';

declare const jwt: JwtService;
declare const keyInfo: KeyInfo;
declare const clients: OAuthClientRepository;
declare const tokens: OAuthTokenRepository;
declare const scopes: OAuthScopeRepository;

// Its declarations do not compile with skipLibCheck off. What they say of a JwtService must not be `any` for that:
// everything would be accepted then.
type OptionsOf<Method extends 'sign' | 'verify'> = Parameters<JwtInterface[Method]>[1];
expectSame<IsAny<OptionsOf<'sign'>>, false>(true);
expectSame<IsAny<OptionsOf<'verify'>>, false>(true);
expectSame<IsAny<ExtraAccessTokenFieldArgs>, false>(true);

export const service: JwtInterface = jwt;
export const server = new AuthorizationServer(clients, tokens, scopes, jwt, {
  issuer: 'https://issuer.example',
});

// @ts-expect-error no JwtService
export const refused: JwtInterface = keyInfo;

export const withHook = new JwtService({
  key: 'pem',
  extraTokenFields: ({ client, user }: ExtraAccessTokenFieldArgs): ExtraAccessTokenFields => ({
    client_id: client.id,
    tenant: String(user?.tenant),
    confidential: typeof client.secret === 'string',
  }),
});

class Subclass extends JwtService {
  override extraTokenFields({ client }: ExtraAccessTokenFieldArgs): ExtraAccessTokenFields {
    return { client_id: client.id, redirect_uris: client.redirectUris };
  }
}
export const subclass: JwtInterface = new Subclass({ key: 'pem' });
