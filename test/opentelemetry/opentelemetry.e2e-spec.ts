import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { context, createContextKey, metrics, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Meter, Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { DataPoint, Histogram, MetricData } from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import type { SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { OidcKeyOpenTelemetryModule } from 'nestjs-oidc-key/opentelemetry';
import type { OidcKeyOpenTelemetryOptions } from 'nestjs-oidc-key/opentelemetry';

import { durationBounds } from '../../lib/core/usage/histogram.js';
import { instruments } from '../../lib/metrics/instruments.js';
import { KeySpans } from '../../lib/opentelemetry/key-spans.js';
import { errorOf, rejectionOf } from '../support/errors.js';
import { haveTraffic, keySet, startMeasured, tokenNaming } from '../support/measured-application.js';
import { closeAll, platforms } from '../support/platforms.js';

let exporter: InMemoryMetricExporter;
let provider: MeterProvider;
let spans: InMemorySpanExporter;
let tracers: BasicTracerProvider;

beforeEach(() => {
  exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  provider = new MeterProvider({ readers: [reader] });
  spans = new InMemorySpanExporter();
  tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
});
afterEach(async () => {
  await closeAll();
  await provider.shutdown();
  await tracers.shutdown();
  for (const api of [metrics, trace, context]) api.disable();
});

const [, express] = platforms[0]!;
const start = (adapter = express()) =>
  startMeasured(
    adapter,
    OidcKeyOpenTelemetryModule.forRoot({ meterProvider: provider, tracerProvider: tracers }),
  );

async function collected(): Promise<readonly MetricData[]> {
  exporter.reset();
  await provider.forceFlush();
  return exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
}

async function metricNamed(name: string): Promise<MetricData> {
  return (await collected()).find(({ descriptor }) => descriptor.name === name)!;
}

const wordsOf = ({ attributes, value }: DataPoint<unknown>, shown: unknown = value) =>
  `${Object.values(attributes).join(' ')}: ${JSON.stringify(shown)}`;

/** Every point that is not 0, with the values of its attributes. */
async function pointsOf(name: string): Promise<string[]> {
  const { dataPoints } = await metricNamed(name);
  return (dataPoints as DataPoint<number>[])
    .filter(({ value }) => value !== 0)
    .map((point) => wordsOf(point));
}

async function countsOf(name: string): Promise<string[]> {
  const { dataPoints } = await metricNamed(name);
  return (dataPoints as DataPoint<Histogram>[]).map((point) => wordsOf(point, point.value.count));
}

describe.each(platforms)('metrics for OpenTelemetry on %s', (_, adapter) => {
  it('have the values that real traffic gives them', async () => {
    await haveTraffic(await start(adapter()));
    expect(await pointsOf('oidc_key.signatures')).toEqual([
      'oidc current ES256 signed: 3',
      'oidc _NONE _OTHER OIDC_KEY_NONE_TO_SIGN: 1',
      'partner held ES256 signed: 2',
      'partner held ES256 OIDC_KEY_SIGNER_FAILED: 1',
    ]);
    expect(await pointsOf('oidc_key.verifications')).toEqual([
      'oidc current verified: 2',
      'oidc current OIDC_TOKEN_EXPIRED: 1',
      'oidc current OIDC_TOKEN_INVALID_SIGNATURE: 1',
      'oidc _UNKNOWN OIDC_TOKEN_INVALID_SIGNATURE: 1',
    ]);
    expect(await pointsOf('oidc_key.jwks.requests')).toEqual(['oidc 200: 2', 'oidc 304: 1']);
    expect(await pointsOf('oidc_key.source.reads')).toEqual([
      'oidc ok: 1',
      'oidc OIDC_KEY_STORE_FAILED: 1',
      'partner ok: 1',
    ]);
    expect(await pointsOf('oidc_key.calls')).toEqual([
      'oidc application read ok: 1',
      'oidc application read KEY_STORE_UNREACHABLE: 1',
      'partner application sign ok: 2',
      'partner application sign error: 1',
    ]);
    expect(await pointsOf('oidc_key.signer.up')).toEqual(['oidc current ES256: 1']);
    expect(await pointsOf('oidc_key.algorithm.can_sign')).toEqual(['oidc ES256: 1', 'partner ES256: 1']);
    expect(await pointsOf('oidc_key.key.held_back')).toEqual([]);
    expect(await pointsOf('oidc_key.signing.waiting')).toEqual([]);
    expect(await pointsOf('oidc_key.signing.under_way')).toEqual([]);
    expect(await countsOf('oidc_key.signature.duration')).toEqual([
      'oidc current ES256: 3',
      'partner held ES256: 2',
      'partner held ES256 OIDC_KEY_SIGNER_FAILED: 1',
    ]);
    expect(await countsOf('oidc_key.signature.wait')).toEqual([
      'oidc current ES256: 3',
      'partner held ES256: 3',
    ]);
    // What was read before the reader was there is in the count alone.
    expect(await countsOf('oidc_key.call.duration')).toEqual([
      'oidc application read KEY_STORE_UNREACHABLE: 1',
      'partner application sign: 2',
      'partner application sign error: 1',
    ]);
    const ages = (await metricNamed('oidc_key.key.age')).dataPoints as DataPoint<number>[];
    expect(ages.map(({ attributes }) => Object.values(attributes).join(' '))).toEqual([
      'oidc current ES256 current',
      'oidc next ES256 next',
      'oidc old ES256 previous',
      'partner held ES256 current',
    ]);
    expect(Math.floor(ages[0]!.value / 3600)).toBe(1);
  });
});

it('have the name, the unit, the description and the attributes that they declare', async () => {
  await haveTraffic(await start());
  const all = await collected();
  expect(all.map(({ descriptor }) => descriptor.name).toSorted()).toEqual(
    instruments.map(({ name }) => name).toSorted(),
  );
  for (const { name, unit, description } of instruments) {
    const { descriptor } = all.find((each) => each.descriptor.name === name)!;
    expect(descriptor).toMatchObject({ unit, description });
    expect(name).toMatch(/^oidc_key(\.[a-z_]+)+$/);
  }
  const status = all.find(({ descriptor }) => descriptor.name === 'oidc_key.jwks.requests')!;
  expect(status.dataPoints[0]!.attributes).toEqual({
    'oidc_key.issuer': 'oidc',
    'http.response.status_code': 200,
  });
  const duration = all.find(({ descriptor }) => descriptor.name === 'oidc_key.signature.duration')!;
  expect((duration.dataPoints[0] as DataPoint<Histogram>).value.buckets.boundaries).toEqual(durationBounds);
});

it('have a point for no kid that a token names and the ring does not have', async () => {
  const { jwt } = await start();
  const good = await jwt.sign({ sub: 'alice' });
  for (let count = 0; count < 100; count++) {
    await rejectionOf(jwt.verify(tokenNaming(`attack-${count}`, good)));
  }
  expect(await pointsOf('oidc_key.verifications')).toEqual([
    'oidc _UNKNOWN OIDC_TOKEN_INVALID_SIGNATURE: 100',
  ]);
});

it('have every duration, whether it was recorded before it was asked for or then', async () => {
  const { jwt } = await start();
  for (let count = 0; count < 157; count++) await jwt.sign({ sub: 'alice' });
  expect(await countsOf('oidc_key.signature.duration')).toEqual(['oidc current ES256: 157']);
  await jwt.sign({ sub: 'alice' });
  expect(await countsOf('oidc_key.signature.wait')).toEqual(['oidc current ES256: 158']);
});

it('end with the application, and lose no duration', async () => {
  const { app, jwt } = await start();
  await jwt.sign({ sub: 'alice' });
  await app.close();
  expect(await countsOf('oidc_key.signature.duration')).toEqual(['oidc current ES256: 1']);
  const points = (await collected()).flatMap(({ descriptor, dataPoints }) =>
    descriptor.name === 'oidc_key.source.data_age' ? dataPoints.map(({ attributes }) => attributes) : [],
  );
  expect(points).toEqual([]);
});

it('of two applications with issuers of one name add up', async () => {
  const [first, second] = [await start(), await start()];
  for (const { jwt } of [first, second, second]) await jwt.sign({ sub: 'alice' });
  expect(await pointsOf('oidc_key.signatures')).toEqual(['oidc current ES256 signed: 3']);
  expect(await countsOf('oidc_key.signature.duration')).toEqual(['oidc current ES256: 3']);
  await first.app.close();
  await second.jwt.sign({ sub: 'alice' });
  expect(await countsOf('oidc_key.signature.duration')).toEqual(['oidc current ES256: 4']);
  expect(await pointsOf('oidc_key.signatures')).toEqual(['oidc current ES256 signed: 3']);
  await second.app.close();
});

it('are there once where the module is imported twice, and so are the spans', async () => {
  const options = { meterProvider: provider, tracerProvider: tracers };
  class Feature {}
  Module({ imports: [OidcKeyOpenTelemetryModule.forRoot({ ...options })] })(Feature);
  class Both {}
  Module({ imports: [OidcKeyOpenTelemetryModule.forRoot({ ...options }), Feature] })(Both);
  const { jwt } = await startMeasured(express(), Both);
  await jwt.sign({ sub: 'alice' });
  expect(await pointsOf('oidc_key.signatures')).toEqual(['oidc current ES256 signed: 1']);
  expect(await countsOf('oidc_key.signature.duration')).toEqual(['oidc current ES256: 1']);
  expect(spans.getFinishedSpans()).toHaveLength(1);
});

describe('of a key that has left its slot or the ring', () => {
  /** Every point of a gauge, by the slot of its key where it has one; times in whole hours. */
  const gauges = async (from: InMemoryMetricExporter, name: string) => {
    const all = from
      .getMetrics()
      .at(-1)!
      .scopeMetrics.flatMap((scope) => scope.metrics);
    const { dataPoints } = all.find(({ descriptor }) => descriptor.name === name) ?? { dataPoints: [] };
    return (dataPoints as DataPoint<number>[])
      .filter(({ attributes }) => attributes['oidc_key.issuer'] === 'oidc')
      .map(({ attributes, value }) => {
        const hours =
          name.startsWith('oidc_key.key.') && !name.endsWith('held_back') ? Math.floor(value / 3600) : value;
        return `${String(attributes['oidc_key.kid'])} ${String(attributes['oidc_key.slot'] ?? '')}: ${hours}`;
      });
  };

  it('a reader that repeats the last is told what calls nobody, and another one nothing more', async () => {
    const [cumulative, delta] = [AggregationTemporality.CUMULATIVE, AggregationTemporality.DELTA].map(
      (temporality) => new InMemoryMetricExporter(temporality),
    ) as [InMemoryMetricExporter, InMemoryMetricExporter];
    const two = new MeterProvider({
      readers: [cumulative, delta].map(
        (each) => new PeriodicExportingMetricReader({ exporter: each, exportIntervalMillis: 3_600_000 }),
      ),
    });
    const { store, rotation, app } = await startMeasured(
      express(),
      OidcKeyOpenTelemetryModule.forRoot({ meterProvider: two }),
    );
    await two.forceFlush();
    expect(await gauges(cumulative, 'oidc_key.key.age')).toEqual([
      'current current: 1',
      'next next: 0',
      'old previous: 1',
    ]);
    const [, signs, next] = keySet.keys;
    // The next one signs from now on, and the old one is gone.
    store.text = JSON.stringify({
      keys: [
        signs,
        { ...next, iat: Number((signs as { iat: unknown }).iat), nbf: Math.floor(Date.now() / 1000) - 60 },
      ],
    });
    expect(await rotation.reload()).toBe(true);
    for (let time = 0; time < 3; time++) await two.forceFlush();
    expect((await gauges(cumulative, 'oidc_key.key.age')).toSorted()).toEqual([
      'current current: 0',
      'current previous: 0',
      'next current: 0',
      'next next: 0',
      'old previous: 0',
    ]);
    expect(await gauges(cumulative, 'oidc_key.key.time_to_change')).toEqual(
      expect.arrayContaining(['next next: 0', 'old previous: 0']),
    );
    expect(await gauges(cumulative, 'oidc_key.key.held_back')).toEqual(['next : 0']);
    expect(await gauges(cumulative, 'oidc_key.signer.up')).toEqual(['current : 1', 'next : 1']);
    expect((await gauges(delta, 'oidc_key.key.age')).toSorted()).toEqual([
      'current previous: 0',
      'next current: 0',
    ]);
    await app.close();
    await two.shutdown();
  });
});

it('come by the global providers unless others are given', async () => {
  metrics.setGlobalMeterProvider(provider);
  trace.setGlobalTracerProvider(tracers);
  const { jwt } = await startMeasured(express(), OidcKeyOpenTelemetryModule);
  await jwt.sign({ sub: 'alice' });
  expect(await pointsOf('oidc_key.signatures')).toEqual(['oidc current ES256 signed: 1']);
  expect(spans.getFinishedSpans()).toHaveLength(1);
});

it('record a duration in the context of whoever asked for the signature', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const tenant = createContextKey('tenant');
  const viewed = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
    views: [
      {
        instrumentName: 'oidc_key.signature.duration',
        attributesProcessors: [{ process: (_, of) => ({ tenant: of!.getValue(tenant) as string }) }],
      },
    ],
  });
  const { jwt } = await startMeasured(
    express(),
    OidcKeyOpenTelemetryModule.forRoot({ meterProvider: viewed }),
  );
  for (const name of ['red', 'blue', 'red']) {
    await context.with(context.active().setValue(tenant, name), () => jwt.sign({ sub: 'alice' }));
  }
  await viewed.forceFlush();
  const [{ scopeMetrics } = { scopeMetrics: [] }] = exporter.getMetrics();
  const { dataPoints } = scopeMetrics[0]!.metrics.find(
    ({ descriptor }) => descriptor.name === 'oidc_key.signature.duration',
  )!;
  expect((dataPoints as DataPoint<Histogram>[]).map((point) => wordsOf(point, point.value.count))).toEqual([
    'red: 2',
    'blue: 1',
  ]);
  await viewed.shutdown();
});

const exporterFails = (): never => {
  throw new Error('The exporter failed.');
};
const processor: SpanProcessor = {
  onStart: () => undefined,
  onEnd: () => undefined,
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
};
const tracing = (parts: Partial<SpanProcessor>) => ({
  tracerProvider: new BasicTracerProvider({ spanProcessors: [{ ...processor, ...parts }] }),
});
/** A tracer whose spans fail in one method. */
const spanWithout = (method: 'setAttribute' | 'setStatus' | 'spanContext') => {
  const tracer = tracers.getTracer('broken');
  const startSpan: Tracer['startSpan'] = (...parts) =>
    Object.assign(tracer.startSpan(...parts), { [method]: exporterFails });
  return { tracerProvider: { getTracer: () => ({ ...tracer, startSpan }) } };
};

it.each<[string, () => OidcKeyOpenTelemetryOptions]>([
  ['a tracer', () => ({ tracerProvider: { getTracer: () => ({ startSpan: exporterFails }) as never } })],
  ['the beginning of a span', () => tracing({ onStart: exporterFails })],
  ['the end of a span', () => tracing({ onEnd: exporterFails })],
  ['the context of a span', () => spanWithout('spanContext')],
  ['an attribute of a span', () => spanWithout('setAttribute')],
  ['the status of a span', () => spanWithout('setStatus')],
  [
    'a histogram',
    () => {
      const meter = provider.getMeter('broken');
      const broken = Object.assign(Object.create(meter) as Meter, {
        createHistogram: () => ({ record: exporterFails }),
      });
      return { meterProvider: { getMeter: () => broken } };
    },
  ],
])('change nothing where %s throws: every token is signed, and every store is read', async (_, options) => {
  const { app, jwt, held, signer, rotation } = await startMeasured(
    express(),
    OidcKeyOpenTelemetryModule.forRoot(options()),
  );
  for (let count = 0; count < 120; count++) await jwt.sign({ sub: 'alice' });
  await held.sign({ sub: 'alice' });
  signer.fails = true;
  expect(await rejectionOf(held.sign({ sub: 'alice' }))).toMatchObject({ code: 'OIDC_KEY_SIGNER_FAILED' });
  expect(await rotation.reload()).toBe(true);
  await app.close();
});

describe('spans', () => {
  it('are of signatures and of the calls of their signers, in the trace of whoever asked', async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const { jwt, held } = await start();
    const tracer = tracers.getTracer('application');
    await tracer.startActiveSpan('login', async (login) => {
      await jwt.sign({ sub: 'alice' });
      await held.sign({ sub: 'alice' });
      login.end();
    });
    const [local, call, remote, login] = spans.getFinishedSpans();
    expect(spans.getFinishedSpans()).toHaveLength(4);
    expect(local).toMatchObject({
      name: 'oidc_key.sign',
      kind: SpanKind.INTERNAL,
      attributes: {
        'oidc_key.issuer': 'oidc',
        'oidc_key.kid': 'current',
        'oidc_key.algorithm': 'ES256',
      },
      parentSpanContext: login!.spanContext(),
    });
    expect(remote).toMatchObject({ name: 'oidc_key.sign', parentSpanContext: login!.spanContext() });
    expect(call).toMatchObject({
      name: 'oidc_key.call',
      kind: SpanKind.CLIENT,
      attributes: {
        'oidc_key.issuer': 'partner',
        'oidc_key.kid': 'held',
        'oidc_key.algorithm': 'ES256',
        'oidc_key.system': 'application',
        'oidc_key.operation': 'sign',
      },
      parentSpanContext: remote!.spanContext(),
    });
  });

  it('say that a signature failed, and nothing of the token or of the error', async () => {
    const { held, signer } = await start();
    signer.fails = true;
    await rejectionOf(held.sign({ sub: 'a-subject-in-a-token' }));
    const finished = spans.getFinishedSpans();
    expect(finished.map(({ name, status, attributes }) => [name, status, attributes['error.type']])).toEqual([
      ['oidc_key.call', { code: SpanStatusCode.ERROR }, 'error'],
      ['oidc_key.sign', { code: SpanStatusCode.ERROR }, 'OIDC_KEY_SIGNER_FAILED'],
    ]);
    expect(finished.flatMap(({ events }) => events)).toEqual([]);
    const texts = JSON.stringify(finished.map(({ name, attributes, status }) => [name, attributes, status]));
    expect(texts).not.toMatch(/subject|down|eyJ/);
  });

  it('cost nothing where nobody traces: the work is what it would be without', () => {
    const work = Promise.resolve();
    const within = new KeySpans(trace.getTracer('none')).within(
      'oidc',
      { type: 'sign', kid: 'a', algorithm: 'ES256' },
      () => work,
    );
    expect(within).toBe(work);
  });

  it('are not made where nobody traces', async () => {
    const { jwt } = await startMeasured(
      express(),
      OidcKeyOpenTelemetryModule.forRoot({ meterProvider: provider }),
    );
    await jwt.sign({ sub: 'alice' });
    expect(spans.getFinishedSpans()).toEqual([]);
    expect(await countsOf('oidc_key.signature.duration')).toEqual(['oidc current ES256: 1']);
  });
});

it.each<[unknown, string]>([
  [
    { metrProvider: 5 },
    'OidcKeyOpenTelemetryModule has no option "metrProvider". Its options are meterProvider, tracerProvider.',
  ],
  ...[5, null, {}, MeterProvider].flatMap((value): [unknown, string][] => [
    [
      { meterProvider: value },
      'The option "meterProvider" of OidcKeyOpenTelemetryModule has to be a MeterProvider, which has',
    ],
    [
      { tracerProvider: value },
      'The option "tracerProvider" of OidcKeyOpenTelemetryModule has to be a TracerProvider, which has',
    ],
  ]),
  ...[5, null, new MeterProvider()].map((value): [unknown, string] => [
    value,
    'OidcKeyOpenTelemetryModule takes a plain object, such as { meterProvider, tracerProvider }.',
  ]),
])('forRoot refuses %p', (options, says) => {
  const error = errorOf(() => OidcKeyOpenTelemetryModule.forRoot(options as object));
  expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
  expect(error.message).toContain(says);
});
