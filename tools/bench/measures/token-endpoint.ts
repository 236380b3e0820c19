import { setTimeout as wait } from 'node:timers/promises';

import { flood, requestsPerSecond, tokenRequest } from '../load.js';
import { contestOf, makeKey } from '../contenders.js';
import { cpuTime, interleaved } from '../rounds.js';
import { quantile, rowOf } from '../row.js';
import type { Row } from '../row.js';
import { ServerProcess } from '../server-process.js';

const connections = 50;
const rounds = 5;

/** `/token` of @jmondi/oauth2-server 4.3.7 in Nest, and the JWKS route of the same process while it is flooded. */
export async function measureTokenEndpoint(): Promise<Row[]> {
  const start = (signer: 'ours' | 'jsonwebtoken' | 'constant') =>
    ServerProcess.start({ platform: 'Express', signer });
  const servers = {
    ours: await start('ours'),
    jsonwebtoken: await start('jsonwebtoken'),
    constant: await start('constant'),
  };
  try {
    return [...(await throughput(servers)), ...(await latency(servers))];
  } finally {
    for (const server of Object.values(servers)) await server.stop();
  }
}

type Servers = Readonly<Record<'ours' | 'jsonwebtoken' | 'constant', ServerProcess>>;

async function throughput({ ours, jsonwebtoken, constant }: Servers): Promise<Row[]> {
  const cpuTimes: Record<'ours' | 'constant', number[]> = { ours: [], constant: [] };
  const requests = (server: ServerProcess) =>
    requestsPerSecond(`${server.url}/token`, { ...tokenRequest, connections, duration: 2 });
  const withCpuTime = async (server: ServerProcess, figures: number[]) => {
    const before = await server.cpuTime();
    const figure = await requests(server);
    figures.push(((await server.cpuTime()) - before) / (figure * 2));
    return figure;
  };
  const { raw } = await contestOf(makeKey('RSA-2048'), 'RS256');
  const figures = await interleaved(
    {
      ours: () => withCpuTime(ours, cpuTimes.ours),
      jsonwebtoken: () => requests(jsonwebtoken),
      constant: () => withCpuTime(constant, cpuTimes.constant),
      signature: () => cpuTime(() => Promise.all(Array.from({ length: 8 }, raw.sign)), 8),
    },
    rounds,
  );
  // The first round warmed up.
  const added = cpuTimes.ours.slice(1).map((each, round) => each - cpuTimes.constant[round + 1]!);
  return [
    rowOf(
      {
        measure: `/token, requests a second, ${connections} connections`,
        beside: 'signed by jsonwebtoken, KeyObject',
        unit: '/s',
        target: { atLeast: 1.4 },
      },
      figures.ours,
      figures.jsonwebtoken,
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

async function latency({ ours, jsonwebtoken }: Servers): Promise<Row[]> {
  const measured = { ours: [] as number[][], jsonwebtoken: [] as number[][] };
  await interleaved(
    {
      ours: async () => measured.ours.push(await latenciesUnderLoad(ours)),
      jsonwebtoken: async () => measured.jsonwebtoken.push(await latenciesUnderLoad(jsonwebtoken)),
    },
    rounds,
  );
  return ([50, 99] as const).map((percentile) => {
    const of = (all: number[][]) => all.slice(1).map((round) => quantile(round, percentile / 100));
    return rowOf(
      {
        measure: `latency of the JWKS route while /token is flooded, p${percentile}`,
        beside: 'signed by jsonwebtoken, KeyObject',
        unit: 'ms',
        target: { atMost: percentile === 50 ? 1 / 20 : 1 / 8 },
      },
      of(measured.ours),
      of(measured.jsonwebtoken),
    );
  });
}

/** Milliseconds of each request in four seconds, one after the other over a connection that stays open. */
async function latenciesUnderLoad({ url }: ServerProcess): Promise<number[]> {
  const stop = flood(url);
  try {
    // The flood takes a moment to begin.
    await wait(1000);
    const latencies: number[] = [];
    const end = performance.now() + 4000;
    while (performance.now() < end) {
      const start = performance.now();
      const response = await fetch(`${url}/.well-known/jwks.json`);
      await response.text();
      latencies.push(performance.now() - start);
    }
    return latencies;
  } finally {
    stop();
    // The server works off what it was sent.
    await wait(500);
  }
}
