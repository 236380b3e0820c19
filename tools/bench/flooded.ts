import { setTimeout as wait } from 'node:timers/promises';

import { flood } from './load.js';
import { interleaved } from './rounds.js';
import { quantile, rowOf } from './row.js';
import type { Row, Target } from './row.js';
import type { ServerProcess } from './server-process.js';

interface About {
  readonly measure: string;
  readonly beside: string;
  readonly rounds: number;
  /** Of each flood; so many that the 99th percentile of the slower server is not its worst request. */
  readonly seconds: number;
  readonly targets?: { readonly 50: Target; readonly 99: Target };
}

/** The latency of the JWKS route of two servers that are warm, each while its own /token is flooded. */
export async function latencyWhileFlooded(
  ours: ServerProcess,
  theirs: ServerProcess,
  { measure, beside, rounds, seconds, targets }: About,
): Promise<Row[]> {
  const latencies = await interleaved(
    { ours: () => latenciesOf(ours, seconds), theirs: () => latenciesOf(theirs, seconds) },
    rounds,
    { areWarm: true },
  );
  return ([50, 99] as const).map((percentile) => {
    const of = (all: number[][]) => all.map((round) => quantile(round, percentile / 100));
    return rowOf(
      { measure: `${measure}, p${percentile}`, beside, unit: 'ms', target: targets?.[percentile] },
      of(latencies.ours),
      of(latencies.theirs),
    );
  });
}

/** Milliseconds of each request, one after the other over a connection that stays open. */
async function latenciesOf({ url }: ServerProcess, seconds: number): Promise<number[]> {
  const stop = flood(url);
  try {
    // The flood takes a moment to begin.
    await wait(1000);
    const latencies: number[] = [];
    const end = performance.now() + seconds * 1000;
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
    await wait(250);
  }
}
