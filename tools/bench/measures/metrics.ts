import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { AggregationTemporality, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { trace } from '@opentelemetry/api';

import { JwtService, LiveRing } from '../../../lib/core/jwt/jwt.service.js';
import { slotsOfOptions } from '../../../lib/core/jwt/service-options.js';
import { KeyLoader } from '../../../lib/core/ring/key-loader.js';
import { KeyRing } from '../../../lib/core/ring/key-ring.js';
import { Usage } from '../../../lib/core/usage/usage.js';
import { KeyInstruments } from '../../../lib/opentelemetry/key-instruments.js';
import { KeySpans } from '../../../lib/opentelemetry/key-spans.js';
import { payload } from '../contender.js';
import { makeKey } from '../keys.js';
import { requestsPerSecond } from '../load.js';
import { cpuTime, interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { ServerProcess } from '../server-process.js';

const without = 'the same without';
const inFlight = 8;
const calls = 64;
/** Many, since what is measured is smaller than the noise of most machines. */
const rounds = 61;
const roundsOfRoute = 31;

/** What metrics cost: counts, and OpenTelemetry's histograms of its real SDK, beside nothing of all this. */
export async function measureMetrics(): Promise<Row[]> {
  return [...(await cpuOfTokens()), ...(await requestsOfRoute())];
}

async function cpuOfTokens(): Promise<Row[]> {
  const { lives, defaultAlgorithm } = new KeyLoader().loadNow(
    slotsOfOptions({ key: makeKey('RSA-2048') }),
    {},
  );
  const ring = new KeyRing(lives, defaultAlgorithm);
  const usage = new Usage();
  usage.takeOver(ring.keys);
  const provider = telemetryOf(usage);
  const on = new JwtService(new LiveRing(() => ring, undefined, undefined, undefined, usage));
  const off = new JwtService(new LiveRing(() => ring));
  const token = await off.sign(payload);
  const signing = (jwt: JwtService) => () =>
    cpuTime(() => Promise.all(Array.from({ length: inFlight }, () => jwt.sign(payload))), inFlight);
  const verifying = (jwt: JwtService) => () =>
    cpuTime(async () => {
      for (let call = 0; call < calls; call++) await jwt.verify(token);
    }, calls);
  const signatures = await interleaved({ on: signing(on), off: signing(off) }, rounds);
  const verifications = await interleaved({ on: verifying(on), off: verifying(off) }, rounds);
  await provider.shutdown();
  const about = { beside: without, unit: 'µs', target: { atMost: 1.02 } };
  return [
    rowOf(
      { ...about, measure: 'CPU time of a signature with metrics: RS256' },
      signatures.on,
      signatures.off,
    ),
    rowOf(
      { ...about, measure: 'CPU time of a verification with metrics: RS256' },
      verifications.on,
      verifications.off,
    ),
  ];
}

function telemetryOf(usage: Usage): MeterProvider {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.DELTA);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 1_000 });
  const provider = new MeterProvider({ readers: [reader] });
  const instruments = KeyInstruments.of(provider);
  const spans = new KeySpans(trace.getTracer('bench'));
  usage.listeners.add({
    ended: (operation, ending) => instruments.record('oidc', operation, ending),
    within: (operation, work) => spans.within('oidc', operation, work),
  });
  return provider;
}

async function requestsOfRoute(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const platform of ['Express', 'Fastify'] as const) {
    const server = await ServerProcess.start('server', {
      platform,
      key: 'RSA-2048',
      signer: 'constant',
      switchesMetrics: true,
    });
    const load = (metrics: 'on' | 'off') => async () => {
      await server.switchMetrics(metrics);
      return requestsPerSecond(`${server.url}/.well-known/jwks.json`);
    };
    const figures = await interleaved({ on: load('on'), off: load('off') }, roundsOfRoute);
    await server.stop();
    const measure = `JWKS route with metrics, requests a second: ${platform}`;
    const about = { measure, beside: without, unit: '/s', target: { atLeast: 0.98 } };
    rows.push(rowOf(about, figures.on, figures.off));
  }
  return rows;
}
