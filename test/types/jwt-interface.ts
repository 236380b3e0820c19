// Compiled, never run: what has to type-check of the class itself, and what must not.
import { JwtService } from 'nestjs-oidc-key';
import type {
  ExtraTokenFields,
  ExtraTokenFieldsArguments,
  ExtraTokenFieldsFunction,
  JsonWebKeySet,
  KeyInfo,
  OidcKeyErrorCode,
  PublicJwk,
  SigningAlgorithm,
  SignOptions,
} from 'nestjs-oidc-key';

import { expectSame } from './same.js';

declare const jwt: JwtService;
declare const keyInfo: KeyInfo;

expectSame<ReturnType<JwtService['getKeySet']>, JsonWebKeySet>(true);
expectSame<ReturnType<JwtService['sign']>, Promise<string>>(true);
expectSame<ReturnType<JwtService['verify']>, Promise<Record<string, unknown>>>(true);
expectSame<ReturnType<JwtService['decode']>, Record<string, unknown> | null>(true);

const keySet = jwt.getKeySet();
expectSame<typeof keySet, JsonWebKeySet>(true);
export const ellipticKeys = keySet.keys.filter(({ alg }) => alg === 'ES256');

expectSame<KeyInfo['kid'], string>(true);
expectSame<KeyInfo['publicJwk'], PublicJwk>(true);
expectSame<KeyInfo['algorithms'], SigningAlgorithm[]>(true);

// Optional members that are there but undefined, as exactOptionalPropertyTypes tells them apart.
export const nothingGiven: SignOptions = {
  header: { typ: undefined, alg: undefined, kid: undefined, cty: undefined },
  algorithm: undefined,
  expiresIn: undefined,
  notBefore: undefined,
  audience: undefined,
  issuer: undefined,
  subject: undefined,
  jwtid: undefined,
  noTimestamp: undefined,
};
void jwt.sign({}, nothingGiven);
void jwt.verify('token', { ignoreExpiration: undefined, ignoreNotBefore: undefined });

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

// A user type of the application's own, as a hook of @jmondi/oauth2-server may have it too.
export const withOwnTypes: ExtraTokenFieldsFunction = ({
  user,
}: ExtraTokenFieldsArguments & { user: { id: string; tenant: string } }) => ({ tenant: user.tenant });
// @ts-expect-error a parameter that the server does not give
export const otherParameter: ExtraTokenFieldsFunction = (request: { headers: string[] }) => ({
  agent: request.headers,
});
// @ts-expect-error a claim that the declarations of @jmondi/oauth2-server do not accept
export const claimOfObject: ExtraTokenFieldsFunction = () => ({ address: { country: 'CH' } });

export class Subclass extends JwtService {
  override async extraTokenFields(args: ExtraTokenFieldsArguments): Promise<ExtraTokenFields> {
    return { ...(await super.extraTokenFields?.(args)), client_id: args.client.id };
  }
}
export class WrongSubclass extends JwtService {
  // @ts-expect-error a number is no set of claims
  override extraTokenFields() {
    return 1;
  }
}
