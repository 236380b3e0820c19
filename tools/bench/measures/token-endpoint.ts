import { contestOf } from '../contest.js';
import { latencyWhileFlooded } from '../flooded.js';
import { requestsAndCpuTime, tokenRequest } from '../load.js';
import { cpuTime, interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { ServerProcess } from '../server-process.js';

const connections = 50;
const rounds = 5;
const beside = 'signed by jsonwebtoken, KeyObject';

/** `/token` of @jmondi/oauth2-server 4.3.7 in Nest, and the JWKS route of the same process while it is flooded. */
export async function measureTokenEndpoint(): Promise<Row[]> {
  const start = (signer: 'ours' | 'jsonwebtoken' | 'constant') =>
    ServerProcess.start('server', { platform: 'Express', key: 'RSA-2048', signer });
  const servers = {
    ours: await start('ours'),
    jsonwebtoken: await start('jsonwebtoken'),
    constant: await start('constant'),
  };
  try {
    const rows = await throughput(servers);
    const latency = await latencyWhileFlooded(servers.ours, servers.jsonwebtoken, {
      measure: 'latency of the JWKS route while /token is flooded',
      beside,
      rounds,
      seconds: 4,
      targets: { 50: { atMost: 1 / 20 }, 99: { atMost: 1 / 8 } },
    });
    return [...rows, ...latency];
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

type Servers = Readonly<Record<'ours' | 'jsonwebtoken' | 'constant', ServerProcess>>;

async function throughput({ ours, jsonwebtoken, constant }: Servers): Promise<Row[]> {
  const load = (server: ServerProcess) => () =>
    requestsAndCpuTime(server, '/token', { ...tokenRequest, connections, duration: 2 });
  const { onThreadPool } = await contestOf('RSA-2048');
  const figures = await interleaved(
    {
      ours: load(ours),
      jsonwebtoken: load(jsonwebtoken),
      constant: load(constant),
      signature: () => cpuTime(() => Promise.all(Array.from({ length: 8 }, onThreadPool.sign)), 8),
    },
    rounds,
  );
  const perSecond = (each: { perSecond: number }) => each.perSecond;
  const added = figures.ours.map((each, round) => each.cpuTime - figures.constant[round]!.cpuTime);
  return [
    rowOf(
      {
        measure: `/token, requests a second, ${connections} connections`,
        beside,
        unit: '/s',
        target: { atLeast: 1.4 },
      },
      figures.ours.map(perSecond),
      figures.jsonwebtoken.map(perSecond),
    ),
    rowOf(
      {
        measure: '/token, CPU time of a request over that of a constant token',
        beside: 'CPU time of a signature by node:crypto',
        unit: 'µs',
        target: { atMost: 1.1 },
      },
      added,
      figures.signature,
    ),
  ];
}
