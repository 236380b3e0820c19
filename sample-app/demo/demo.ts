// The demonstration: from no key at all to tokens that outlive a restart and a rotation.
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { Browser } from './browser.js';
import { putClockForward } from './clock.js';
import { CommandError, CommandLine } from './command-line.js';
import { prepareDemoData } from './demo-data.js';
import { later } from './later.js';
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
  const { keySettings, secrets } = await steps.run(
    'the signing key and the secrets are in their folder',
    () => prepareDemoData(folder),
    ({ keyWas }) => (keyWas.startsWith('kept') ? keyWas : `${keyWas}, by nestjs-oidc-key init`),
  );

  // The issuer contains the port, so the restart has to keep it.
  const port = await freePort();
  const issuer = `http://127.0.0.1:${port}`;
  const startServer = (ahead = 0) =>
    ServerProcess.start({
      main: new URL('../src/main.js', import.meta.url),
      issuer,
      folder,
      nodeOptions: later(ahead).nodeOptions,
      environment: {
        NO_COLOR: '1',
        ISSUER: issuer,
        PORT: String(port),
        DATA_DIR: folder,
        SESSION_SECRET: secrets.session,
        API_AUDIENCE: `${issuer}/api`,
        OPAQUE_REFRESH_TOKENS: 'true',
        ...keySettings,
        ...later(ahead).environment,
        SAMPLE_SEED: 'true',
        SAMPLE_USER_PASSWORD: secrets.userPassword,
        SAMPLE_CLIENT_SECRET: secrets.clientSecret,
      },
    });

  server = await steps.run(
    'the server runs as its own process',
    () => startServer(),
    () => issuer,
  );

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
      // What she allowed in an earlier demonstration is not asked again.
      if (consentPage.elsewhere) return consentPage;
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

  const commandLine = new CommandLine(keySettings);
  const next = await steps.run(
    'the key was rotated, by nestjs-oidc-key rotate',
    async () => {
      const isNew = await rotate(commandLine);
      return { ...(await keyThatWaits(commandLine)), isNew };
    },
    ({ kid: id, isNew }) => (isNew ? `kid ${id}` : `kid ${id} waits since an earlier demonstration`),
  );
  steps.show(await commandLine.run('status'));

  await steps.run(
    'the JWKS has the new key at once',
    () => untilPublished(next.kid, issuer),
    () => 'relying parties can learn it before it signs',
  );

  const fourth = await steps.run(
    'the old key still signs: the refresh token was exchanged, and the API accepted the access token',
    async () => {
      const tokens = await relyingParty.refresh(required(third.refresh_token, 'refresh token'));
      check(kidOf(tokens.access_token) === kid, 'The new key signs too early');
      await relyingParty.callApi(`${issuer}/api/me`, tokens.access_token);
      return tokens;
    },
    (tokens) => `kid ${kidOf(tokens.access_token)}`,
  );

  const ahead = Math.ceil((next.signsFrom.getTime() - Date.now()) / 1000) + 1;
  server = await steps.run(
    'the clocks of the server and of the client were put forward to when the new key signs',
    async () => {
      check((await server?.stop()) === 0, 'The server did not end in order');
      putClockForward(ahead);
      return startServer(ahead);
    },
    () => `by ${ahead} seconds, for which a demonstration does not wait`,
  );

  await steps.run('the API accepts the access token of the old key', async () => {
    await relyingParty.callApi(`${issuer}/api/me`, fourth.access_token);
  });

  const fifth = await steps.run(
    'the new key signs: the refresh token was exchanged, and the API accepted the access token',
    async () => {
      const tokens = await relyingParty.refresh(required(fourth.refresh_token, 'refresh token'));
      check(kidOf(tokens.access_token) === next.kid, 'The new key does not sign');
      await relyingParty.callApi(`${issuer}/api/me`, tokens.access_token);
      return tokens;
    },
    () => `kid ${next.kid}`,
  );

  await steps.run(
    'alice logged in once more without her password, and openid-client verified the ID token',
    async () => {
      const again = await relyingParty.authorizationRequest();
      // Nor is she asked again for what she allowed before.
      const { url: back } = await browser.open(again.url);
      const tokens = await relyingParty.exchangeCode(back, again.checks);
      check((await keyOf(tokens.id_token, issuer)) === next.kid, 'Another key signed the ID token');
    },
    () => `kid ${next.kid}`,
  );
  steps.show(await new CommandLine(keySettings, ahead).run('status'));

  await steps.run('the refresh token was revoked, and its access token with it', async () => {
    const refreshToken = required(fifth.refresh_token, 'refresh token');
    await relyingParty.revoke(refreshToken);
    check(!(await relyingParty.introspect(refreshToken)).active, 'The refresh token is still active');
    check(!(await relyingParty.introspect(fifth.access_token)).active, 'The access token is still active');
  });
}

/** Whether a key was made: one that an earlier demonstration made may wait still, and then there is none. */
async function rotate(commandLine: CommandLine): Promise<boolean> {
  try {
    await commandLine.run('rotate');
    return true;
  } catch (error) {
    if (error instanceof CommandError && error.message.startsWith('KEY_WAITS')) return false;
    throw error;
  }
}

async function keyThatWaits(commandLine: CommandLine): Promise<{ kid: string; signsFrom: Date }> {
  const key = (await commandLine.keys()).find(({ state }) => state === 'waits');
  check(typeof key?.until === 'string', 'No key waits to sign');
  return { kid: key.kid, signsFrom: new Date(key.until) };
}

/** The server sees by itself that the file was changed. */
async function untilPublished(kid: string, issuer: string): Promise<void> {
  for (const start = performance.now(); performance.now() - start < 10_000; await wait(50)) {
    if ((await publishedBy(issuer)).includes(kid)) return;
  }
  throw new Error(`The JWKS has no key with the kid ${kid}`);
}

async function publishedBy(issuer: string): Promise<string[]> {
  const response = await fetch(`${issuer}/.well-known/jwks.json`);
  return jwks.parse(await response.json()).keys.map(({ kid }) => kid);
}

/** The kid of a token, which has to be in the JWKS. */
async function keyOf(token: string | undefined, issuer: string): Promise<string> {
  const kid = kidOf(required(token, 'ID token'));
  check((await publishedBy(issuer)).includes(kid), `The JWKS has no key with the kid ${kid}`);
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
