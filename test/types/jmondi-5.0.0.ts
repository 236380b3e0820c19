// Compiled, never run: what 5.0.0 of @jmondi/oauth2-server accepts, by its shapes, and what is accepted of it.
import { JwtService } from 'nestjs-oidc-key';
import type { JsonWebKeySet as PublicKeySet, JwtServiceOptions } from 'nestjs-oidc-key';

import type {
  ExtraAccessTokenFieldArgs,
  ExtraAccessTokenFields,
  JsonWebKeySet,
  JwtInterface,
  SignOptions,
  VerifyOptions,
} from '../support/jmondi-5.types.js';

declare const jwt: JwtService;
declare const rs256KeySet: JsonWebKeySet;
declare const everyKindOfKey: PublicKeySet;
declare const signOptions: SignOptions;
declare const verifyOptions: VerifyOptions;

export const service: JwtInterface = jwt;
export const required: Required<Omit<JwtInterface, 'extraTokenFields'>> = jwt;

// What it calls, with its own types.
export const accessToken = jwt.sign({ sub: '1' }, { header: { typ: 'at+jwt', alg: 'RS256' } });
export const optional = jwt.sign({ sub: '1' }, signOptions);
export const claims = jwt.verify('token', { ignoreExpiration: true, ignoreNotBefore: true });
export const verified = jwt.verify('token', verifyOptions);

// The form with RS256 alone is for the interface: whoever calls the method is told of every kind of key.
// @ts-expect-error may hold a key of another algorithm
export const keySet: JsonWebKeySet = jwt.getKeySet();

// What it refuses, so that the shapes written down are as strict as its own.
type Method<Name extends keyof JwtInterface> = Required<JwtInterface>[Name];
// @ts-expect-error keys of every kind
export const everyKind: Method<'getKeySet'> = () => everyKindOfKey;
// @ts-expect-error a promise, which the guard at run time would let pass, and its route would serve as {}
export const asynchronous: Method<'getKeySet'> = async () => rs256KeySet;
// @ts-expect-error an option that it does not give
export const withoutOption: Method<'sign'> = async (_payload, options: { expiresIn: string }) =>
  options.expiresIn;

export const withHook = new JwtService({
  key: 'pem',
  extraTokenFields: async ({ client, user, originatingAuthCodeId }: ExtraAccessTokenFieldArgs) => ({
    client_id: client.id,
    tenant: String(user?.tenant),
    scopes: client.scopes.map(({ name }) => name),
    from_code: originatingAuthCodeId !== undefined,
  }),
});
export const declared = (extraTokenFields: Method<'extraTokenFields'>): JwtServiceOptions => ({
  key: 'pem',
  extraTokenFields,
});

class Synchronous extends JwtService {
  override extraTokenFields({ client }: ExtraAccessTokenFieldArgs): ExtraAccessTokenFields {
    return { client_id: client.id };
  }
}
class Asynchronous extends JwtService {
  override async extraTokenFields({ user }: ExtraAccessTokenFieldArgs): Promise<ExtraAccessTokenFields> {
    return { known: user !== undefined };
  }
}
class Untyped extends JwtService {
  override extraTokenFields() {
    return { aud: ['api'] };
  }
}
export const subclasses: JwtInterface[] = [
  new Synchronous({ key: 'pem' }),
  new Asynchronous({ key: 'pem' }),
  new Untyped({ key: 'pem' }),
];
