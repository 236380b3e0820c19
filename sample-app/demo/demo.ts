import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { Browser } from './browser.js';
import { prepareDemoData } from './demo-data.js';
import { RelyingParty } from './relying-party.js';
import { ServerProcess, freePort } from './server-process.js';
import { Steps, check } from './steps.js';

const folder = resolve(
  process.env['DEMO_DATA_DIR'] ?? fileURLToPath(new URL('../../.data', import.meta.url)),
);
const jwks = z.object({ keys: z.array(z.object({ kid: z.string() })) });
const steps = new Steps();
let server: ServerProcess | undefined;

async function demonstrate(): Promise<void> {
  const { keyFile, secrets } = await steps.run(
    'the signing key and the secrets are in their folder',
    () => prepareDemoData(folder),
    ({ keyWasMade }) => (keyWasMade ? 'made now, by nestjs-oidc-key generate' : 'kept from an earlier start'),
  );

  // The issuer contains the port, so the restart has to keep it.
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const startServer = () =>
    ServerProcess.start({
      main: new URL('../src/main.js', import.meta.url),
      issuer,
      folder,
      environment: {
        NO_COLOR: '1',
        ISSUER: issuer,
        PORT: String(port),
        DATA_DIR: folder,
        SESSION_SECRET: secrets.session,
        API_AUDIENCE: `${issuer}/api`,
        OIDC_PRIVATE_KEY_FILE: keyFile,
        SAMPLE_SEED: 'true',
        SAMPLE_USER_PASSWORD: secrets.userPassword,
        SAMPLE_CLIENT_SECRET: secrets.clientSecret,
      },
    });

  server = await steps.run('the server runs as its own process', startServer, () => issuer);

  const relyingParty = await steps.run(
    'openid-client discovered it',
    () => RelyingParty.discover(issuer, secrets.clientSecret),
    ({ configuration }) => `token endpoint ${configuration.serverMetadata().token_endpoint}`,
  );

  const browser = new Browser(issuer);
  const { url, checks } = await relyingParty.authorizationRequest();
  const signInPage = await steps.run(
    'the authorization request, with PKCE, state and nonce, led to the sign-in page',
    () => browser.open(url),
    (page) => page.url.pathname,
  );

  const callback = await steps.run(
    'alice signed in and consented, by the HTML forms',
    async () => {
      const fields = { username: 'alice', password: secrets.userPassword };
      const consentPage = await browser.submit(signInPage, { fields });
      check(consentPage.url.pathname.startsWith('/consent/'), 'The sign-in was refused');
      return browser.submit(consentPage, { button: { name: 'decision', value: 'approve' } });
    },
    (page) => `back at ${page.url.origin}${page.url.pathname}`,
  );

  const first = await steps.run(
    'the code was exchanged, and the ID token verified',
    () => relyingParty.exchangeCode(callback.url, checks),
    (tokens) => `sub ${tokens.claims()?.sub}`,
  );
  const sub = required(first.claims()?.sub, 'ID token');

  const kid = await steps.run(
    'the JWKS has the key of the ID token',
    () => keyOf(first.id_token, issuer),
    (id) => `kid ${id}`,
  );

  await steps.run(
    'userinfo knows her',
    () => relyingParty.userInfo(first.access_token, sub),
    ({ name, email }) => `${name}, ${email}`,
  );

  await steps.run('the API at /api/me accepted the access token', async () => {
    const me = await relyingParty.callApi(`${issuer}/api/me`, first.access_token);
    check(me.sub === sub, 'The API sees another user');
  });

  const second = await steps.run('the refresh token was exchanged for new tokens', () =>
    relyingParty.refresh(required(first.refresh_token, 'refresh token')),
  );

  const machine = await steps.run('the client got an access token for itself by client_credentials', () =>
    relyingParty.clientCredentials(),
  );

  await steps.run('introspection knows which tokens are alive', async () => {
    check((await relyingParty.introspect(second.access_token)).active, 'The new access token is not active');
    check((await relyingParty.introspect(machine.access_token)).active, "The client's token is not active");
    check(!(await relyingParty.introspect(first.access_token)).active, 'The refreshed token is still active');
  });

  server = await steps.run('the server was stopped and started again', async () => {
    check((await server?.stop()) === 0, 'The server did not end in order');
    return startServer();
  });

  await steps.run(
    'the access token from before the restart is accepted by /api/me and userinfo',
    async () => {
      await relyingParty.callApi(`${issuer}/api/me`, second.access_token);
      await relyingParty.userInfo(second.access_token, sub);
    },
  );

  const third = await steps.run('the refresh token from before the restart works', () =>
    relyingParty.refresh(required(second.refresh_token, 'refresh token')),
  );

  await steps.run(
    'the key is the same',
    async () => {
      check((await keyOf(first.id_token, issuer)) === kid, 'The JWKS no longer has the key of the ID token');
      check(kidOf(third.access_token) === kid, 'New tokens are signed by another key');
    },
    () => `kid ${kid}`,
  );

  await steps.run('the refresh token was revoked, and its access token with it', async () => {
    const refreshToken = required(third.refresh_token, 'refresh token');
    await relyingParty.revoke(refreshToken);
    check(!(await relyingParty.introspect(refreshToken)).active, 'The refresh token is still active');
    check(!(await relyingParty.introspect(third.access_token)).active, 'The access token is still active');
  });
}

/** The kid of a token, which has to be in the JWKS. */
async function keyOf(token: string | undefined, issuer: string): Promise<string> {
  const kid = kidOf(required(token, 'ID token'));
  const response = await fetch(`${issuer}/.well-known/jwks.json`);
  const { keys } = jwks.parse(await response.json());
  check(
    keys.some((key) => key.kid === kid),
    `The JWKS has no key with the kid ${kid}`,
  );
  return kid;
}

function kidOf(token: string): string {
  return required(decodeProtectedHeader(token).kid, 'kid');
}

/** The messages of an error and its causes, and nothing else of them: a cause may hold a response with tokens. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Something that is no error was thrown';
  return error.cause instanceof Error ? `${error.message}: ${reasonOf(error.cause)}` : error.message;
}

function required(value: string | undefined, name: string): string {
  check(value !== undefined, `There is no ${name}`);
  return value;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Ending the process ends the server too.
  process.once(signal, () => process.exit(1));
}

try {
  await demonstrate();
  process.stdout.write('The demonstration is complete.\n');
} catch (error) {
  process.stderr.write(`${reasonOf(error)}\n`);
  if (server) process.stderr.write(`The server's log:\n${server.log}`);
  process.exitCode = 1;
} finally {
  await server?.stop();
}
