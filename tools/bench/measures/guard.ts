import { payload } from '../contender.js';
import { withBrokenSignature } from '../guards.js';
import type { GuardName } from '../guards.js';
import { requestsAndCpuTime } from '../load.js';
import { interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row, Target } from '../row.js';
import { ServerProcess } from '../server-process.js';

const rounds = 9;
const path = '/orders';

/** A route with the guard, and the same route with what one would take instead, and without any. */
export async function measureGuard(): Promise<Row[]> {
  const issuer = await ServerProcess.start('issuer', {});
  const trust = {
    issuer: payload.iss,
    jwksUri: `${issuer.url}/.well-known/jwks.json`,
    audience: payload.aud,
    scope: 'profile',
  };
  const start = (guard: GuardName) => ServerProcess.start('guarded', { guard, ...trust });
  const servers = {
    ours: await start('nestjs-oidc-key'),
    bearer: await start('express-oauth2-jwt-bearer'),
    passport: await start('passport-jwt with jwks-rsa'),
    verifying: await start('JwtService.verify in the handler'),
    unguarded: await start('unguarded'),
  };
  try {
    const token = await textFrom(issuer, '/token');
    for (const [name, server] of Object.entries(servers)) {
      const expectAnswer = (status: number, to: string) => expectStatus(name, server, status, to);
      await expectAnswer(200, token);
      await expectAnswer(name === 'unguarded' ? 200 : 401, withBrokenSignature(token));
    }
    return await rowsOf(servers, issuer, token);
  } finally {
    for (const server of [...Object.values(servers), issuer]) await server.stop();
  }
}

type Servers = Readonly<Record<'ours' | 'bearer' | 'passport' | 'verifying' | 'unguarded', ServerProcess>>;

async function rowsOf(servers: Servers, issuer: ServerProcess, token: string): Promise<Row[]> {
  // The unguarded route is sent the token too: to read it from the socket is not what the guard costs.
  const load = (server: ServerProcess) => () => requestsAndCpuTime(server, path, { headers: bearing(token) });
  const figures = await interleaved(
    {
      ours: load(servers.ours),
      bearer: load(servers.bearer),
      passport: load(servers.passport),
      verifying: load(servers.verifying),
      unguarded: load(servers.unguarded),
      inALoop: async () => Number(await textFrom(issuer, '/verify')),
    },
    rounds,
  );
  const perSecond = (name: keyof Servers) => figures[name].map((each) => each.perSecond);
  const requestsBeside = (name: keyof Servers, beside: string, target?: Target) => {
    const about = { measure: 'guarded route, requests a second', beside, unit: '/s', target };
    return rowOf(about, perSecond('ours'), perSecond(name));
  };
  const addedBy = (name: keyof Servers) =>
    figures[name].map(({ cpuTime }, round) => cpuTime - figures.unguarded[round]!.cpuTime);
  const cpuTimeBeside = (beside: string, theirs: number[], target?: Target) => {
    const measure = 'guarded route, CPU time of a request over that of the route unguarded';
    return rowOf({ measure, beside, unit: 'µs', target }, addedBy('ours'), theirs);
  };
  return [
    requestsBeside('bearer', 'express-oauth2-jwt-bearer', { atLeast: 1 }),
    requestsBeside('passport', 'passport-jwt with jwks-rsa', { atLeast: 1 }),
    requestsBeside('unguarded', 'the same route unguarded'),
    cpuTimeBeside('the same of a handler that calls JwtService.verify', addedBy('verifying'), {
      atMost: 1.6,
    }),
    cpuTimeBeside('the same of express-oauth2-jwt-bearer', addedBy('bearer')),
    cpuTimeBeside('the same of passport-jwt with jwks-rsa', addedBy('passport')),
    cpuTimeBeside('CPU time of JwtService.verify, one after the other in a loop', figures.inALoop),
  ];
}

async function textFrom({ url }: ServerProcess, from: string): Promise<string> {
  return (await fetch(`${url}${from}`)).text();
}

function bearing(token: string) {
  return { authorization: `Bearer ${token}` };
}

/** A guard that lets everything pass, or nothing, would be the fastest. */
async function expectStatus(
  name: string,
  { url }: ServerProcess,
  status: number,
  token: string,
): Promise<void> {
  const response = await fetch(`${url}${path}`, { headers: bearing(token) });
  const body = await response.text();
  if (response.status !== status || (status === 200 && !body.includes(payload.sub))) {
    throw new Error(`${name} answered ${response.status} (${body}), and ${status} was expected`);
  }
}
