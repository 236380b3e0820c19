import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Module } from '@nestjs/common';
import { OidcKeyModule } from 'nestjs-oidc-key';
import { OidcKeyPrometheusModule } from 'nestjs-oidc-key/prometheus';
import { Gauge, register, Registry } from 'prom-client';

import { instruments, prometheusNameOf } from '../../lib/metrics/instruments.js';
import { errorOf, rejectionOf } from '../support/errors.js';
import { ecKey } from '../support/lives.js';
import { haveTraffic, keySet, startMeasured, tokenNaming } from '../support/measured-application.js';
import { boot, closeAll, platforms, RecordingLogger } from '../support/platforms.js';

let registry: Registry;
beforeEach(() => {
  registry = new Registry();
});
afterEach(closeAll);

const [, express] = platforms[0]!;
const start = (adapter = express()) => startMeasured(adapter, OidcKeyPrometheusModule.forRoot({ registry }));

/** The lines of the text that are of this metric, as they are scraped, and without the name. */
async function linesOf(name: string, from = registry): Promise<string[]> {
  const lines = (await from.metrics()).split('\n').filter((line) => line.startsWith(`oidc_key_${name}{`));
  return lines.map((line) => line.slice(`oidc_key_${name}`.length));
}

/** Those above 0. */
const counted = async (name: string) => (await linesOf(name)).filter((line) => !line.endsWith(' 0'));

const oidc = (labels: string) => `{issuer="oidc",${labels}}`;
const partner = (labels: string) => `{issuer="partner",${labels}}`;
const current = 'kid="current",algorithm="ES256"';
const held = 'kid="held",algorithm="ES256"';

describe.each(platforms)('metrics for prom-client on %s', (_, adapter) => {
  it('have the values that real traffic gives them', async () => {
    const application = await start(adapter());
    await haveTraffic(application);

    expect(await counted('signatures_total')).toEqual([
      oidc(`${current},outcome="signed"`) + ' 3',
      oidc('kid="_NONE",algorithm="_OTHER",outcome="OIDC_KEY_NONE_TO_SIGN"') + ' 1',
      partner(`${held},outcome="signed"`) + ' 2',
      partner(`${held},outcome="OIDC_KEY_SIGNER_FAILED"`) + ' 1',
    ]);
    expect(await counted('verifications_total')).toEqual([
      oidc('kid="current",outcome="verified"') + ' 2',
      oidc('kid="current",outcome="OIDC_TOKEN_EXPIRED"') + ' 1',
      oidc('kid="current",outcome="OIDC_TOKEN_INVALID_SIGNATURE"') + ' 1',
      oidc('kid="_UNKNOWN",outcome="OIDC_TOKEN_INVALID_SIGNATURE"') + ' 1',
    ]);
    expect(await counted('jwks_requests_total')).toEqual([
      oidc('status="200"') + ' 2',
      oidc('status="304"') + ' 1',
    ]);
    expect(await counted('source_reads_total')).toEqual([
      oidc('outcome="ok"') + ' 1',
      oidc('outcome="OIDC_KEY_STORE_FAILED"') + ' 1',
      partner('outcome="ok"') + ' 1',
    ]);
    expect(await counted('calls_total')).toEqual([
      oidc('system="application",operation="read",outcome="ok"') + ' 1',
      oidc('system="application",operation="read",outcome="KEY_STORE_UNREACHABLE"') + ' 1',
      partner('system="application",operation="sign",outcome="ok"') + ' 2',
      partner('system="application",operation="sign",outcome="error"') + ' 1',
    ]);
    expect(await linesOf('signer_up')).toEqual([oidc(current) + ' 1', partner(held) + ' 0']);
    expect(await linesOf('algorithm_can_sign')).toEqual([
      oidc('algorithm="ES256"') + ' 1',
      partner('algorithm="ES256"') + ' 1',
    ]);
    expect(await linesOf('public_jwks_missing')).toEqual(['{issuer="oidc"} 1']);
    expect(await linesOf('public_jwks_others')).toEqual(['{issuer="oidc"} 1']);
    expect(await linesOf('key_held_back')).toEqual([oidc('kid="next",algorithm="ES256"') + ' 0']);
    for (const name of ['signing_waiting', 'signing_under_way']) {
      expect(await linesOf(name)).toEqual([oidc(current) + ' 0', partner(held) + ' 0']);
    }
    for (const name of ['signature_duration_seconds', 'signature_wait_seconds']) {
      expect(await linesOf(`${name}_count`)).toEqual([oidc(current) + ' 3', partner(held) + ' 3']);
      expect(await linesOf(`${name}_bucket`)).toContain(`{le="+Inf",issuer="oidc",${current}} 3`);
    }
    expect(await linesOf('call_duration_seconds_count')).toEqual([
      oidc('system="application",operation="read"') + ' 2',
      partner('system="application",operation="sign"') + ' 3',
    ]);
    await application.rotation.reload();
    expect(await counted('source_reads_total')).toContain(oidc('outcome="ok"') + ' 2');
  });
});

/** The value of the one line that has these labels. */
async function valueOf(name: string, labels: string): Promise<number> {
  const line = (await linesOf(name)).find((each) => each.includes(labels));
  return Number(line?.split(' ').at(-1));
}

const between = (low: number, high: number) => ({
  asymmetricMatch: (value: number) => value >= low && value <= high,
});

it('say how old each key is in its slot, and when it leaves it', async () => {
  await start();
  const hour = 3600;
  const [ofCurrent, ofNext, ofOld] = ['current', 'next', 'previous'].map((slot) => `slot="${slot}"`);
  expect(await valueOf('key_age_seconds', ofCurrent!)).toEqual(between(hour, hour + 60));
  expect(await valueOf('key_age_seconds', ofNext!)).toEqual(between(60, 120));
  expect(await valueOf('key_time_to_change_seconds', ofNext!)).toEqual(between(2 * hour - 60, 2 * hour));
  expect(await valueOf('key_time_to_change_seconds', ofCurrent!)).toEqual(between(2 * hour - 60, 2 * hour));
  expect(await valueOf('key_time_to_change_seconds', ofOld!)).toEqual(
    between(30 * 24 * hour - 60, 30 * 24 * hour),
  );
  const now = Date.now() / 1000;
  expect(await valueOf('source_last_read_timestamp_seconds', 'oidc')).toEqual(between(now - 60, now));
  expect(await valueOf('source_last_success_timestamp_seconds', 'oidc')).toEqual(between(now - 60, now));
  expect(await valueOf('source_data_age_seconds', 'oidc')).toEqual(between(0, 60));
  expect(await valueOf('public_jwks_seen_timestamp_seconds', 'oidc')).toEqual(between(now - 60, now));
  expect(await valueOf('public_jwks_up', 'oidc')).toBe(1);
});

it('have a line for no kid that a token names and the ring does not have, however many there are', async () => {
  const { jwt } = await start();
  const good = await jwt.sign({ sub: 'alice' });
  const before = (await registry.metrics()).split('\n').length;
  for (let count = 0; count < 1_000; count++) {
    await rejectionOf(jwt.verify(tokenNaming(`attack-${count}`, good)));
  }
  const text = await registry.metrics();
  expect(text).not.toContain('attack');
  expect(text.split('\n')).toHaveLength(before);
  expect(await counted('verifications_total')).toEqual([
    oidc('kid="_UNKNOWN",outcome="OIDC_TOKEN_INVALID_SIGNATURE"') + ' 1000',
  ]);
});

it('forget a key when it leaves the ring', async () => {
  const { store, rotation } = await start();
  expect(await registry.metrics()).toContain('kid="old"');
  store.text = JSON.stringify({ keys: keySet.keys.filter(({ kid }) => kid !== 'old') });
  await rotation.reload();
  expect(await registry.metrics()).not.toContain('kid="old"');
});

it('count what a rotation writes', async () => {
  const { store, rotation } = await start();
  store.text = JSON.stringify({ keys: keySet.keys.filter(({ kid }) => kid !== 'next') });
  await rotation.rotate();
  expect(await counted('calls_total')).toContain(
    oidc('system="application",operation="write",outcome="ok"') + ' 1',
  );
  expect((await linesOf('key_age_seconds')).filter((line) => line.includes('slot="next"'))).toHaveLength(1);
});

it('change nothing by being read', async () => {
  const application = await start();
  await haveTraffic(application);
  const withoutTimes = (text: string) =>
    text.split('\n').filter((line) => !/_(age|change)_seconds/.test(line));
  const first = withoutTimes(await registry.metrics());
  for (let time = 0; time < 20; time++) await registry.metrics();
  expect(withoutTimes(await registry.metrics())).toEqual(first);
});

it('have a help and every label that they declare, and hold nothing of a key or a token', async () => {
  const application = await start();
  await haveTraffic(application);
  const text = await registry.metrics();
  for (const instrument of instruments) {
    const name = prometheusNameOf(instrument);
    expect(text).toContain(`# HELP ${name} ${instrument.description}\n# TYPE ${name} ${instrument.type}\n`);
    const suffix = instrument.type === 'histogram' ? '_count' : '';
    const [line = ''] = await linesOf(`${name.slice('oidc_key_'.length)}${suffix}`);
    const labels = [...line.matchAll(/(\w+)="/g)].map(([, label]) => label!);
    expect([name, labels.toSorted()]).toEqual([name, ['issuer', ...instrument.labels].toSorted()]);
  }
  for (const { d = 'none' } of keySet.keys as { d?: string }[]) expect(text).not.toContain(d);
});

it('are in the global registry unless another one is given, until the application closes', async () => {
  const { app } = await startMeasured(express(), OidcKeyPrometheusModule);
  expect(await linesOf('signer_up', register)).toHaveLength(2);
  await app.close();
  expect(await register.metrics()).not.toContain('oidc_key');
  const other = await startMeasured(express(), OidcKeyPrometheusModule);
  await other.app.close();
});

it('are read by a registry that speaks OpenMetrics', async () => {
  const open = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const { app, jwt } = await startMeasured(express(), OidcKeyPrometheusModule.forRoot({ registry: open }));
  await jwt.sign({ sub: 'alice' });
  const text = await open.metrics();
  expect(text).toContain('# TYPE oidc_key_signatures counter');
  expect(text).toContain(`oidc_key_signatures_total{issuer="oidc",${current},outcome="signed"} 1`);
  await app.close();
  expect(await open.metrics()).toBe('\n# EOF\n');
});

describe('a registry', () => {
  const signed = () =>
    linesOf('signatures_total').then((lines) => lines.filter((line) => /"signed"/.test(line)));

  it('has the issuers of every application that uses it, and adds up those of one name', async () => {
    const [first, second] = [await start(), await start()];
    for (const { jwt } of [first, second, second]) await jwt.sign({ sub: 'alice' });
    first.signer.fails = true;
    await rejectionOf(first.held.sign({ sub: 'alice' }));
    expect(await counted('signatures_total')).toEqual([
      oidc(`${current},outcome="signed"`) + ' 3',
      partner(`${held},outcome="OIDC_KEY_SIGNER_FAILED"`) + ' 1',
    ]);
    expect(await linesOf('signature_duration_seconds_count')).toContain(oidc(current) + ' 3');
    expect(await linesOf('signature_duration_seconds_bucket')).toContain(
      '{le="+Inf",issuer="oidc",kid="current",algorithm="ES256"} 3',
    );
    // One of the two makes none.
    expect(await linesOf('signer_up')).toEqual([oidc(current) + ' 1', partner(held) + ' 0']);
    const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('oidc_key'));
    const series = lines.map((line) => line.replace(/ \S+$/, ''));
    expect(series).toHaveLength(new Set(series).size);
    await first.app.close();
    expect(await counted('signatures_total')).toEqual([oidc(`${current},outcome="signed"`) + ' 2']);
    await second.app.close();
    expect(await registry.metrics()).toBe('\n');
  });

  it('counts nothing twice where the module is imported twice', async () => {
    const reader = OidcKeyPrometheusModule.forRoot({ registry });
    class Feature {}
    Module({ imports: [OidcKeyPrometheusModule.forRoot({ registry })] })(Feature);
    class Both {}
    Module({ imports: [reader, Feature] })(Both);
    const { jwt } = await startMeasured(express(), Both);
    await jwt.sign({ sub: 'alice' });
    expect(await signed()).toEqual([
      oidc(`${current},outcome="signed"`) + ' 1',
      partner(`${held},outcome="signed"`) + ' 0',
    ]);
  });

  it('takes an application that boots while the one of before still closes', async () => {
    let close!: () => void;
    const slowly = new Promise<void>((resolve) => (close = resolve));
    class Slow {
      onModuleDestroy(): Promise<void> {
        return slowly;
      }
    }
    const imports = [OidcKeyModule.forRoot({ key: ecKey() }), OidcKeyPrometheusModule.forRoot({ registry })];
    const before = await boot(express(), { imports, providers: [Slow] });
    const closing = before.app.close();
    const { jwt } = await start().finally(() => close());
    await jwt.sign({ sub: 'alice' });
    await closing;
    expect(await signed()).toContain(oidc(`${current},outcome="signed"`) + ' 1');
  });

  it('takes the second boot of an application whose first one failed for a reason of its own', async () => {
    class Bad {
      onModuleInit(): never {
        throw new Error('The database is down.');
      }
    }
    const imports = [OidcKeyModule.forRoot({ key: ecKey() }), OidcKeyPrometheusModule.forRoot({ registry })];
    await rejectionOf(boot(express(), { imports, providers: [Bad] }));
    expect(await registry.metrics()).toBe('\n');
    await start();
    expect(await linesOf('signer_up')).toHaveLength(2);
  });

  it('has what an application boots with after it was cleared, in either format', async () => {
    await start();
    registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE as never);
    await registry.metrics();
    registry.clear();
    const { jwt } = await start();
    await jwt.sign({ sub: 'alice' });
    expect(await signed()).toContain(oidc(`${current},outcome="signed"`) + ' 1');
  });

  it('with a metric of such a name that is of somebody else keeps it, and the log says so', async () => {
    const theirs = new Gauge({ name: 'oidc_key_signer_up', help: 'Theirs.', registers: [registry] });
    theirs.set(7);
    const logger = new RecordingLogger();
    const imports = [OidcKeyModule.forRoot({ key: ecKey() }), OidcKeyPrometheusModule.forRoot({ registry })];
    const { app } = await boot(express(), { imports }, undefined, logger);
    const text = await registry.metrics();
    expect(text).toContain('oidc_key_signer_up 7');
    expect(text).toContain('oidc_key_algorithm_can_sign{issuer="oidc",algorithm="ES256"} 1');
    const lines = logger.lines
      .map(String)
      .filter(
        (line) => line.includes('OidcKeyPrometheusModule of its own') || line.includes('oidc_key_signer_up'),
      );
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('not of this module, so that its own are missing: oidc_key_signer_up.');
    await app.close();
    expect(await registry.metrics()).toContain('oidc_key_signer_up 7');
  });
});

describe('the boot stops', () => {
  const reader = () => OidcKeyPrometheusModule.forRoot({ registry });

  it('where two issuers have one name', async () => {
    const key = () => ({ key: ecKey() });
    const error = await rejectionOf(
      boot(express(), {
        imports: [
          OidcKeyModule.forRoot(key()),
          OidcKeyModule.forRoot({ ...key(), jwks: { path: '/other' } }),
          reader(),
        ],
      }),
    );
    expect(error).toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION' });
    expect(error.message).toContain(
      'both OidcKeyModules have the name "oidc". Give one of them an `issuerName`',
    );
  });

  it.each([[''], [7], ['two\nlines']])('where an issuer has the name %j', async (issuerName) => {
    const options = { key: ecKey(), issuerName: issuerName as string };
    const error = await rejectionOf(boot(express(), { imports: [OidcKeyModule.forRoot(options)] }));
    expect(error).toMatchObject({ code: 'OIDC_KEY_INVALID_OPTION' });
    expect(error.message).toContain('"issuerName"');
  });

  it('where there is no issuer', async () => {
    const error = await rejectionOf(boot(express(), { imports: [reader()] }));
    expect(error.message).toContain('finds no OidcKeyModule');
  });

  it('and not where two issuers have settings of two names', async () => {
    await boot(express(), {
      imports: [
        OidcKeyModule.forRoot({ key: ecKey() }),
        OidcKeyModule.forRoot({ key: ecKey(), jwks: { path: '/other' }, envPrefix: 'PARTNER_OIDC_' }),
        reader(),
      ],
    });
    expect(await linesOf('algorithm_can_sign')).toEqual([
      oidc('algorithm="ES256"') + ' 1',
      '{issuer="partner_oidc",algorithm="ES256"} 1',
    ]);
  });
});

it.each<[unknown, string]>([
  [{ registri: 5 }, 'OidcKeyPrometheusModule has no option "registri". Its options are registry.'],
  ...[5, null, 'registry', {}, Registry].map((value): [unknown, string] => [
    { registry: value },
    'The option "registry" of OidcKeyPrometheusModule has to be a registry of prom-client',
  ]),
  ...[5, null, new Registry()].map((value): [unknown, string] => [
    value,
    'OidcKeyPrometheusModule takes a plain object, such as { registry }.',
  ]),
])('forRoot refuses %p', (options, says) => {
  const error = errorOf(() => OidcKeyPrometheusModule.forRoot(options as object));
  expect(error).toMatchObject({ name: 'OidcKeyError', code: 'OIDC_KEY_INVALID_OPTION' });
  expect(error.message).toContain(says);
});
