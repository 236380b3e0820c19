import { createHash, randomBytes, randomUUID } from 'node:crypto';

import { AuthorizationServer, DateInterval, OAuthException, OAuthRequest } from '@jmondi/oauth2-server';
import type {
  AuthorizationServerOptions,
  GrantIdentifier,
  OAuthAuthCode,
  OAuthAuthCodeRepository,
  OAuthClient,
  OAuthClientRepository,
  OAuthScope,
  OAuthScopeRepository,
  OAuthToken,
  OAuthTokenRepository,
  OAuthUser,
  OAuthUserRepository,
} from '@jmondi/oauth2-server';
import { createClient } from '@libsql/client';
import type { Client, InValue, Row } from '@libsql/client';
import type { JwtService } from 'nestjs-oidc-key';

export const issuer = 'https://issuer.example';
export const redirectUri = 'https://client.example/callback';
/** A number, as many databases have it. */
export const userId = 7;

const grants: GrantIdentifier[] = [
  'client_credentials',
  'authorization_code',
  'refresh_token',
  'password',
  'implicit',
  'urn:ietf:params:oauth:grant-type:token-exchange',
];
const scopes: OAuthScope[] = [{ name: 'openid' }, { name: 'profile' }];
const client: OAuthClient = {
  id: 'client',
  name: 'Client',
  secret: 'client-secret',
  redirectUris: [redirectUri],
  allowedGrants: grants,
  scopes,
};
const user: OAuthUser = { id: userId };

const { secret: _secret, ...withoutSecret } = client;
const codeGrants: GrantIdentifier[] = ['authorization_code', 'refresh_token'];
/** Clients besides the one that asks unless a test says otherwise. */
const registered: OAuthClient[] = [
  client,
  { ...client, id: 'other', secret: 'other-secret' },
  { ...client, id: 'code-only', secret: 'code-only-secret', allowedGrants: codeGrants },
  { ...withoutSecret, id: 'public' },
];

/** What makes a request one of these clients'; without a secret it is the public one's. */
export const as = (id: string) => ({
  client_id: id,
  client_secret: registered.find((each) => each.id === id)?.secret ?? undefined,
});

const clients: OAuthClientRepository = {
  getByIdentifier: async (id) => {
    const found = registered.find((each) => each.id === id);
    if (!found) throw OAuthException.invalidClient();
    return found;
  },
  isClientValid: async (grant, each, secret) => each.secret === secret && each.allowedGrants.includes(grant),
};

const users: OAuthUserRepository = {
  getUserByCredentials: async (id, password) => {
    const known = id === userId || (id === 'alice' && password === 'wonderland');
    return known ? user : undefined;
  },
};

const scopeRepository: OAuthScopeRepository = {
  getAllByIdentifiers: async (names) => scopes.filter(({ name }) => names.includes(name)),
  finalize: async (each) => each,
};

/** Rows of JSON in a real database, which is all that these tests need of it. */
class Store {
  constructor(private readonly database: Client) {}

  static async open(): Promise<Store> {
    const database = createClient({ url: ':memory:' });
    await database.execute(
      'CREATE TABLE tokens (id TEXT PRIMARY KEY, refresh TEXT, code TEXT, revoked INT, body TEXT)',
    );
    await database.execute('CREATE TABLE codes (id TEXT PRIMARY KEY, revoked INT, body TEXT)');
    return new Store(database);
  }

  async run(sql: string, ...args: InValue[]): Promise<Row[]> {
    return (await this.database.execute({ sql, args })).rows;
  }

  close(): void {
    this.database.close();
  }
}

function tokenFrom(row: Row | undefined): OAuthToken {
  if (!row) throw OAuthException.badRequest('unknown token');
  const stored = JSON.parse(row.body as string) as OAuthToken;
  const dates = [stored.accessTokenExpiresAt, stored.refreshTokenExpiresAt].map(
    (date) => date && new Date(date),
  );
  return { ...stored, accessTokenExpiresAt: dates[0]!, refreshTokenExpiresAt: dates[1] ?? null };
}

function tokenRepository(store: Store): Required<OAuthTokenRepository> {
  const save = async (token: OAuthToken) =>
    void (await store.run(
      'INSERT OR REPLACE INTO tokens VALUES (?, ?, ?, 0, ?)',
      token.accessToken,
      token.refreshToken ?? null,
      token.originatingAuthCodeId ?? null,
      JSON.stringify(token),
    ));
  return {
    issueToken: async (owner, granted, of) => ({
      accessToken: randomUUID(),
      accessTokenExpiresAt: new Date(Date.now() + 60_000),
      client: owner,
      user: of ?? null,
      scopes: granted,
    }),
    issueRefreshToken: async (token) => {
      const refreshed = {
        ...token,
        refreshToken: randomUUID(),
        refreshTokenExpiresAt: new Date(Date.now() + 600_000),
      };
      await save(refreshed);
      return refreshed;
    },
    persist: save,
    revoke: async (token) => {
      await store.run('UPDATE tokens SET revoked = 1 WHERE id = ?', token.accessToken);
    },
    revokeDescendantsOf: async (code) => {
      await store.run('UPDATE tokens SET revoked = 1 WHERE code = ?', code);
    },
    isRefreshTokenRevoked: async (token) => {
      const [row] = await store.run('SELECT revoked FROM tokens WHERE id = ?', token.accessToken);
      return row?.revoked !== 0;
    },
    getByRefreshToken: async (id) =>
      tokenFrom((await store.run('SELECT body FROM tokens WHERE refresh = ?', id))[0]),
    getByAccessToken: async (id) =>
      tokenFrom((await store.run('SELECT body FROM tokens WHERE id = ? AND revoked = 0', id))[0]),
  };
}

function codeRepository(store: Store): OAuthAuthCodeRepository {
  return {
    issueAuthCode: (owner, of, granted) => ({
      code: randomUUID(),
      expiresAt: new Date(Date.now() + 60_000),
      client: owner,
      ...(of && { user: of }),
      scopes: granted,
    }),
    persist: async (code) => {
      await store.run('INSERT INTO codes VALUES (?, 0, ?)', code.code, JSON.stringify(code));
    },
    getByIdentifier: async (id) => {
      const [row] = await store.run('SELECT body FROM codes WHERE id = ?', id);
      return JSON.parse(row?.body as string) as OAuthAuthCode;
    },
    isRevoked: async (id) =>
      (await store.run('SELECT revoked FROM codes WHERE id = ?', id))[0]?.revoked !== 0,
    revoke: async (id) => void (await store.run('UPDATE codes SET revoked = 1 WHERE id = ?', id)),
  };
}

export interface Response {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** The real server of 4.3.7, with its own HS256 where it is given a secret, and with every grant switched on, over a real database. */
export class TestServer {
  private constructor(
    readonly server: AuthorizationServer,
    private readonly store: Store,
  ) {}

  static async start(
    jwt: JwtService | string,
    previous?: TestServer,
    options?: Partial<AuthorizationServerOptions>,
    userRepository = users,
  ): Promise<TestServer> {
    const store = previous?.store ?? (await Store.open());
    const server = new AuthorizationServer(clients, tokenRepository(store), scopeRepository, jwt, {
      issuer,
      ...options,
    });
    server.enableGrantTypes(
      'implicit',
      { grant: 'authorization_code', authCodeRepository: codeRepository(store), userRepository },
      { grant: 'password', userRepository },
      {
        grant: 'urn:ietf:params:oauth:grant-type:token-exchange',
        processTokenExchange: async () => user,
      },
    );
    server.enableGrantType('client_credentials', new DateInterval('1h'));
    return new TestServer(server, store);
  }

  stop(): void {
    this.store.close();
  }

  token(body: object, query: object = {}): Promise<Response> {
    return answer(() =>
      this.server.respondToAccessTokenRequest(
        new OAuthRequest({ body: { ...as(client.id), ...body }, query }),
      ),
    );
  }

  introspect(token: unknown, hint?: string, asker = as(client.id)): Promise<Response> {
    return answer(() => this.server.introspect(clientRequest(token, hint, asker)));
  }

  revoke(token: unknown, hint?: string, asker = as(client.id)): Promise<Response> {
    return answer(() => this.server.revoke(clientRequest(token, hint, asker)));
  }

  /** The front channel: a signed-in user approves. */
  async authorize(query: object = {}): Promise<URL> {
    const request = await this.server.validateAuthorizationRequest(
      new OAuthRequest({
        query: {
          response_type: 'code',
          client_id: client.id,
          redirect_uri: redirectUri,
          scope: 'openid',
          ...query,
        },
      }),
    );
    request.user = user;
    request.isAuthorizationApproved = true;
    const { headers } = await this.server.completeAuthorizationRequest(request);
    return new URL(String(headers.location));
  }

  /** A code with PKCE, and what redeems it. */
  async code(query: object = {}): Promise<{ code: string; redemption: Record<string, string> }> {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const url = await this.authorize({ code_challenge: challenge, code_challenge_method: 'S256', ...query });
    const code = url.searchParams.get('code') ?? '';
    return {
      code,
      redemption: {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
      },
    };
  }
}

function clientRequest(token: unknown, hint: string | undefined, asker: object): OAuthRequest {
  return new OAuthRequest({
    body: { ...asker, token, ...(hint !== undefined && { token_type_hint: hint }) },
  });
}

/** As the adapters of @jmondi/oauth2-server answer: its own errors with their status, everything else with 500. */
async function answer(
  call: () => Promise<{ status: number; body: Record<string, unknown> }>,
): Promise<Response> {
  try {
    const { status, body } = await call();
    return { status, body };
  } catch (error) {
    if (error instanceof OAuthException) return { status: error.status, body: { error: error.errorType } };
    return { status: 500, body: { error: 'server_error', message: (error as Error).message } };
  }
}
