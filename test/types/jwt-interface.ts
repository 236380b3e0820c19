// Compiled, never run: what has to type-check, and what must not.
import { AuthorizationServer } from '@jmondi/oauth2-server';
import type {
  JwtInterface,
  OAuthClientRepository,
  OAuthScopeRepository,
  OAuthTokenRepository,
} from '@jmondi/oauth2-server';
import { JwtService } from 'nestjs-oidc-key';
import type {
  ExtraTokenFieldsFunction,
  JsonWebKeySet,
  KeyInfo,
  OidcKeyErrorCode,
  PublicJwk,
  SigningAlgorithm,
} from 'nestjs-oidc-key';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const expectSame = <A, B>(_same: Same<A, B>): void => undefined;

declare const jwt: JwtService;
declare const keyInfo: KeyInfo;
declare const clients: OAuthClientRepository;
declare const tokens: OAuthTokenRepository;
declare const scopes: OAuthScopeRepository;

// With the real declarations of jsonwebtoken, which @jmondi/oauth2-server's own declarations refer to.
export const service: JwtInterface = jwt;
export const server = new AuthorizationServer(clients, tokens, scopes, jwt, {
  issuer: 'https://issuer.example',
});

// What 5.0.0 calls.
export const accessToken = jwt.sign({ sub: '1' }, { header: { typ: 'at+jwt', alg: 'RS256' } });
export const claims = jwt.verify('token', { ignoreExpiration: true, ignoreNotBefore: true });
expectSame<ReturnType<JwtService['getKeySet']>, JsonWebKeySet>(true);
expectSame<ReturnType<JwtService['sign']>, Promise<string>>(true);
expectSame<ReturnType<JwtService['verify']>, Promise<Record<string, unknown>>>(true);
expectSame<ReturnType<JwtService['decode']>, Record<string, unknown> | null>(true);

expectSame<KeyInfo['kid'], string>(true);
expectSame<KeyInfo['publicJwk'], PublicJwk>(true);
expectSame<KeyInfo['algorithms'], SigningAlgorithm[]>(true);

// @ts-expect-error a getter
keyInfo.kid = 'x';
// @ts-expect-error no key
new JwtService({});
// @ts-expect-error an option of jsonwebtoken that is not applied
void jwt.sign({}, { keyid: 'x' });
// @ts-expect-error a time span in words
void jwt.sign({}, { expiresIn: '1h' });
// @ts-expect-error
void jwt.verify('token', { complete: true });
// @ts-expect-error no such code
export const code: OidcKeyErrorCode = 'OIDC_KEY_NOPE';

export const hook: ExtraTokenFieldsFunction = ({ client, user }) => ({
  client_id: client.id,
  known: user !== undefined,
});
