import type { JsonWebKey } from 'node:crypto';

type Members = Readonly<Record<string, unknown>>;

export interface ProviderToken {
  readonly header: Members;
  readonly claims: Members;
}

/** What a provider issues and publishes, as the pages show it that `docs/providers.md` links. */
export interface Provider {
  /** The file of `docs/providers.md` that has its settings. */
  readonly file: string;
  /** Where it publishes its keys. */
  readonly keys: string;
  readonly jwks: (key: JsonWebKey) => readonly Members[];
  readonly accessToken: ProviderToken;
  /** What the handler gets as `scope`. */
  readonly scope: string | undefined;
  /** What the access token has where it is for another API. */
  readonly forAnother: Members;
  readonly idToken: ProviderToken;
  /** What an ID token is given here to look like an access token in all but one thing. */
  readonly atLikest: Members;
  /** That one thing: a claim, or the type in the header. */
  readonly mark: { readonly claim: string } | 'typ';
  /** Other JWTs of its making. */
  readonly others?: Readonly<Record<string, ProviderToken>>;
}

const kid = 'iiTTK3jeAX6FxIFU0SgGPfEonUpJX0fHyvVYlTZmg6o';

const now = Math.floor(Date.now() / 1000);
const times = { iat: now, exp: now + 600 };
const issuedOnly = { alg: 'RS256', kid };
const jwt = { ...issuedOnly, typ: 'JWT' };
const atJwt = { ...issuedOnly, typ: 'at+jwt' };

const plainly = (key: JsonWebKey) => [{ ...key, kid, alg: 'RS256', use: 'sig' }];
// Nobody reads the certificate, so any bytes will do.
const certificate = {
  x5t: kid,
  x5c: ['MIICmzCCAYMCBgGiF0gcPzANBgkqhkiG9w0BAQsFADARMQ8wDQYDVQQDDAZtYXN0ZXI='],
};

const keycloakIssuer = 'https://login.example/realms/acme';
const keycloakClaims = {
  ...times,
  auth_time: now,
  jti: 'onrtac:179a04e8-6a41-41bb-ab20-14d55a8518af',
  iss: keycloakIssuer,
  sub: '8befeac4-8963-49da-a9ac-f310e8d922d8',
  azp: 'web',
  sid: '54db1502-a5dc-4a27-af62-eeef0694a628',
};

const auth0Claims = { ...times, iss: 'https://acme.eu.auth0.com/', sub: 'auth0|123456' };
const auth0Audience = ['https://orders.example', 'https://acme.eu.auth0.com/userinfo'];
const auth0IdToken = {
  header: jwt,
  claims: { ...auth0Claims, aud: 'my_client_id', sid: 's', nonce: 'n', email: 'janedoe@example.com' },
};
const auth0Keys = {
  keys: 'https://acme.eu.auth0.com/.well-known/jwks.json',
  jwks: (key: JsonWebKey) => [{ ...key, kid, alg: 'RS256', use: 'sig', ...certificate }],
};

const tenant = '8eaef023-2b34-4da1-9baa-8bc8c9d6a490';
const entraApi = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const entraClaims = {
  ...times,
  nbf: now,
  aio: 'AXQAi/8IAAAA',
  name: 'Abe Lincoln',
  oid: '690222be-ff1a-4d56-abd1-7e4f7d38e474',
  rh: 'I',
  sub: 'HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ',
  tid: tenant,
  uti: 'fqiBqXLPj0eQa82S-IYFAA',
};
const entraClaimsOf2 = {
  ...entraClaims,
  iss: `https://login.microsoftonline.com/${tenant}/v2.0`,
  preferred_username: 'abeli@microsoft.com',
  ver: '2.0',
};
const entraClaimsOf1 = {
  ...entraClaims,
  iss: `https://sts.windows.net/${tenant}/`,
  amr: ['pwd'],
  unique_name: 'abeli@microsoft.com',
  ver: '1.0',
};
// Without an `alg`.
const entraJwks = (issuer: string) => (key: JsonWebKey) => [
  { ...key, kid, use: 'sig', ...certificate, issuer },
];

const oktaClaims = { ...times, ver: 1, iss: 'https://acme.okta.com/oauth2/default' };
const cognitoClaims = {
  ...times,
  sub: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  'cognito:groups': ['admin'],
  iss: 'https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_example',
  auth_time: now,
  origin_jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
  jti: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee',
};
const zitadelClaims = {
  ...times,
  iss: 'https://acme.zitadel.cloud',
  sub: '77776025198584418',
  aud: ['69234237810729234', '69234237810729019'],
  client_id: '69234237810729234',
};
const hydraClaims = {
  ...times,
  iss: 'https://login.example',
  jti: '2e6ae1f4-4f6c-4e0f-a3e5-6a0d2b0a9a3c',
  sub: 'alice',
};
const springClaims = {
  ...times,
  iss: 'https://login.example',
  sub: 'alice',
  aud: 'web',
  jti: '0a4b8ac4-1d0c-4d54-a6a4-1d6e5c7cd1b2',
};
const sampleClaims = { ...times, iss: 'https://login.example', sub: 'alice', jti: '1' };

export const providers: readonly Provider[] = [
  {
    file: 'src/keycloak.ts',
    keys: `${keycloakIssuer}/protocol/openid-connect/certs`,
    jwks: (key) => [
      { ...key, kid, alg: 'RS256', use: 'sig', ...certificate },
      { ...key, kid: '4tUUq9wCxUmdu413rQXRVMN3MM2aefWI2gVGIO77w0Q', alg: 'RSA-OAEP', use: 'enc' },
    ],
    accessToken: {
      header: jwt,
      claims: {
        ...keycloakClaims,
        aud: ['orders', 'account'],
        typ: 'Bearer',
        realm_access: { roles: ['uma_authorization'] },
        scope: 'openid profile orders',
      },
    },
    scope: 'openid profile orders',
    forAnother: { aud: 'account' },
    idToken: { header: jwt, claims: { ...keycloakClaims, aud: 'web', typ: 'ID', at_hash: 'h' } },
    atLikest: { aud: ['web', 'orders'] },
    mark: { claim: 'typ' },
    others: {
      'a refresh token': { header: jwt, claims: { ...keycloakClaims, aud: keycloakIssuer, typ: 'Refresh' } },
      'an offline token for the API': {
        header: jwt,
        claims: { ...keycloakClaims, aud: 'orders', typ: 'Offline', scope: 'openid orders' },
      },
      'a logout token': {
        header: { ...jwt, typ: 'logout+jwt' },
        claims: { ...keycloakClaims, aud: 'orders', typ: 'Logout', events: {} },
      },
    },
  },
  {
    file: 'src/auth0.ts',
    ...auth0Keys,
    accessToken: {
      header: jwt,
      claims: { ...auth0Claims, aud: auth0Audience, azp: 'my_client_id', scope: 'openid profile orders' },
    },
    scope: 'openid profile orders',
    forAnother: { aud: ['https://invoices.example', 'https://acme.eu.auth0.com/userinfo'] },
    idToken: auth0IdToken,
    atLikest: { aud: 'https://orders.example' },
    mark: { claim: 'azp' },
  },
  {
    file: 'src/auth0-rfc9068.ts',
    ...auth0Keys,
    accessToken: {
      header: atJwt,
      claims: {
        ...auth0Claims,
        aud: auth0Audience,
        client_id: 'my_client_id',
        jti: '73WakrfVbNJBaAmhQtEeDv',
        scope: 'openid profile orders',
      },
    },
    scope: 'openid profile orders',
    forAnother: { aud: ['https://invoices.example', 'https://acme.eu.auth0.com/userinfo'] },
    idToken: auth0IdToken,
    atLikest: { aud: 'https://orders.example', client_id: 'my_client_id', jti: '1' },
    mark: 'typ',
  },
  {
    file: 'src/entra-id.ts',
    keys: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys`,
    jwks: entraJwks(entraClaimsOf2.iss),
    accessToken: {
      header: jwt,
      claims: {
        ...entraClaimsOf2,
        aud: entraApi,
        azp: '75dbe77f-10a3-4e59-85fd-8c127544f17c',
        azpacr: '0',
        scp: 'access_as_user orders',
      },
    },
    scope: 'access_as_user orders',
    forAnother: { aud: '00000003-0000-0000-c000-000000000000' },
    idToken: { header: jwt, claims: { ...entraClaimsOf2, aud: entraApi, nonce: 'n', roles: ['Reader'] } },
    atLikest: { azp: entraApi },
    mark: { claim: 'scp' },
    others: {
      'a token that an application got for itself': {
        header: jwt,
        claims: { ...entraClaimsOf2, aud: entraApi, azp: entraApi, azpacr: '1', roles: ['orders'] },
      },
      'a token of another tenant': {
        header: jwt,
        claims: {
          ...entraClaimsOf2,
          iss: 'https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0',
          aud: entraApi,
          azp: entraApi,
          scp: 'access_as_user orders',
        },
      },
    },
  },
  {
    file: 'src/entra-id-v1.ts',
    keys: `https://login.microsoftonline.com/${tenant}/discovery/keys`,
    jwks: entraJwks(entraClaimsOf1.iss),
    accessToken: {
      header: { ...jwt, x5t: kid },
      claims: {
        ...entraClaimsOf1,
        aud: 'api://orders.example',
        acr: '1',
        appid: '75dbe77f-10a3-4e59-85fd-8c127544f17c',
        appidacr: '0',
        scp: 'user_impersonation orders',
      },
    },
    scope: 'user_impersonation orders',
    forAnother: { aud: 'https://graph.microsoft.com' },
    idToken: { header: { ...jwt, x5t: kid }, claims: { ...entraClaimsOf1, aud: entraApi } },
    atLikest: { appid: entraApi },
    mark: { claim: 'scp' },
  },
  {
    file: 'src/okta.ts',
    keys: `${oktaClaims.iss}/v1/keys`,
    jwks: plainly,
    accessToken: {
      header: issuedOnly,
      claims: {
        ...oktaClaims,
        jti: 'AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE',
        aud: 'api://default',
        sub: 'john.doe@example.com',
        cid: 'nmdP1fcyvdVO11AL7ECm',
        uid: '00ujmkLgagxeRrAg20g3',
        scp: ['openid', 'email', 'orders'],
      },
    },
    scope: 'openid email orders',
    forAnother: { aud: 'api://invoices' },
    idToken: {
      header: issuedOnly,
      claims: {
        ...oktaClaims,
        jti: 'ID.4eAWJOCMB3SX8XewDfVR',
        sub: '00uid4BxXw6I6TV4m0g3',
        aud: 'nmdP1fcyvdVO11AL7ECm',
        amr: ['pwd'],
        auth_time: now,
        at_hash: 'cpqKfdQA5eH891Ff5oJr_Q',
      },
    },
    atLikest: { aud: 'api://default' },
    mark: { claim: 'cid' },
  },
  {
    file: 'src/cognito.ts',
    keys: `${cognitoClaims.iss}/.well-known/jwks.json`,
    // One key for ID tokens, one for access tokens.
    jwks: (key) => [{ ...key, kid: '1234example=', alg: 'RS256', use: 'sig' }, ...plainly(key)],
    accessToken: {
      header: issuedOnly,
      claims: {
        ...cognitoClaims,
        token_use: 'access',
        scope: 'openid orders/read',
        client_id: '57cbishk4j24pabc1234567890',
        username: 'janedoe@example.com',
      },
    },
    scope: 'openid orders/read',
    forAnother: { client_id: '1example23456789' },
    idToken: {
      header: { ...issuedOnly, kid: '1234example=' },
      claims: {
        ...cognitoClaims,
        token_use: 'id',
        aud: '57cbishk4j24pabc1234567890',
        'cognito:username': 'janedoe',
      },
    },
    atLikest: { client_id: '57cbishk4j24pabc1234567890' },
    mark: { claim: 'token_use' },
  },
  {
    file: 'src/zitadel.ts',
    keys: `${zitadelClaims.iss}/oauth/v2/keys`,
    jwks: plainly,
    accessToken: { header: jwt, claims: { ...zitadelClaims, nbf: now, jti: 'V2_69234237813329048-at_1' } },
    scope: undefined,
    forAnother: { aud: ['69234237810729235', '69234237810729020'] },
    idToken: {
      header: jwt,
      claims: { ...zitadelClaims, azp: zitadelClaims.client_id, amr: ['pwd'], auth_time: now, at_hash: 'h' },
    },
    atLikest: {},
    mark: { claim: 'jti' },
  },
  {
    file: 'src/hydra.ts',
    keys: `${hydraClaims.iss}/.well-known/jwks.json`,
    jwks: (key) => [{ ...key, kid: 'id-token', alg: 'RS256', use: 'sig' }, ...plainly(key)],
    accessToken: {
      header: jwt,
      claims: {
        ...hydraClaims,
        aud: ['https://orders.example'],
        nbf: now,
        client_id: 'web',
        ext: {},
        scp: ['openid', 'orders'],
      },
    },
    scope: 'openid orders',
    forAnother: { aud: [] },
    idToken: {
      header: { ...jwt, kid: 'id-token' },
      claims: { ...hydraClaims, aud: ['web'], auth_time: now, rat: now, at_hash: 'h', sid: 's' },
    },
    atLikest: { aud: ['https://orders.example'] },
    mark: { claim: 'client_id' },
  },
  {
    file: 'src/spring.ts',
    keys: `${springClaims.iss}/oauth2/jwks`,
    // Neither `alg` nor `use`.
    jwks: (key) => [{ ...key, kid }],
    accessToken: {
      header: issuedOnly,
      claims: { ...springClaims, nbf: now, scope: ['openid', 'orders'] },
    },
    scope: 'openid orders',
    forAnother: { aud: 'another' },
    idToken: { header: issuedOnly, claims: { ...springClaims, azp: 'web', auth_time: now, sid: 's' } },
    atLikest: {},
    mark: { claim: 'scope' },
  },
  {
    file: 'src/sample.ts',
    keys: `${sampleClaims.iss}/.well-known/jwks.json`,
    jwks: plainly,
    accessToken: {
      header: atJwt,
      claims: {
        ...sampleClaims,
        aud: 'https://orders.example',
        cid: 'web',
        client_id: 'web',
        scope: 'openid orders',
      },
    },
    scope: 'openid orders',
    forAnother: { aud: 'https://invoices.example' },
    idToken: { header: jwt, claims: { ...sampleClaims, aud: 'web', nonce: 'n', auth_time: now } },
    atLikest: { aud: 'https://orders.example', client_id: 'web' },
    mark: 'typ',
    others: {
      'a refresh token': {
        header: { ...jwt, typ: 'refresh+jwt' },
        claims: { ...sampleClaims, aud: 'https://orders.example', client_id: 'web', scope: 'openid orders' },
      },
      'an authorization code': {
        header: { ...jwt, typ: 'code+jwt' },
        claims: { ...sampleClaims, aud: 'https://orders.example', client_id: 'web', scope: 'openid orders' },
      },
    },
  },
];
