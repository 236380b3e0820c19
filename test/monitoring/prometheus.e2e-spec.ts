import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller, Get, Header } from '@nestjs/common';
import { OidcKeyModule } from 'nestjs-oidc-key';
import { OidcKeyPrometheusModule } from 'nestjs-oidc-key/prometheus';
import { Registry } from 'prom-client';
import { parse } from 'yaml';

import { ecKey } from '../support/lives.js';
import { haveTraffic, startMeasured } from '../support/measured-application.js';
import { boot, closeAll, platforms } from '../support/platforms.js';
import { pageAt } from '../support/pages.js';
import { freePort } from '../support/ports.js';
import { root, run } from '../support/processes.js';
import { describeWithPrometheus, prometheus, promtool } from '../support/prometheus-programs.js';
import { until } from '../support/waiting.js';

const monitoring = join(root, 'monitoring');
const [, express] = platforms[0]!;
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-prometheus-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(closeAll);

const inMonitoring = (...args: string[]) => run(promtool, args, { cwd: monitoring });

describeWithPrometheus('promtool', () => {
  it('finds nothing wrong with the text of the metrics', async () => {
    const registry = new Registry();
    await haveTraffic(await startMeasured(express(), OidcKeyPrometheusModule.forRoot({ registry })));
    const input = await registry.metrics();
    expect(await run(promtool, ['check', 'metrics'], { input })).toEqual({ code: 0, stdout: '', stderr: '' });
    const bad = await run(promtool, ['check', 'metrics'], { input: input.replaceAll('_total', '') });
    expect(bad.code).not.toBe(0);
  });

  it('finds nothing wrong with the alert rules', async () => {
    const { code, stderr } = await inMonitoring('check', 'rules', 'alerts.yaml');
    expect([code, stderr]).toEqual([0, '']);
  });

  it('finds nothing wrong with the settings that the documentation shows', async () => {
    const [settings] = pageAt('docs/metrics.md').blocks.filter(({ language }) => language === 'yaml');
    const file = join(folder, 'prometheus.yaml');
    writeFileSync(file, settings!.code);
    const { code, stderr } = await run(promtool, ['check', 'config', file]);
    expect([code, stderr]).toEqual([0, '']);
    writeFileSync(file, settings!.code.replace('labelmap', 'label_map'));
    expect((await run(promtool, ['check', 'config', file])).code).not.toBe(0);
  });

  it('finds every alert to fire where it has to, and none where all is well', async () => {
    const { code, stdout, stderr } = await inMonitoring('test', 'rules', 'alerts.test.yaml');
    expect([code, stdout + stderr]).toEqual([0, expect.stringContaining('SUCCESS')]);
  });

  it('would find a rule that was changed', async () => {
    for (const name of ['alerts.yaml', 'alerts.test.yaml']) {
      const text = readFileSync(join(monitoring, name), 'utf8');
      writeFileSync(join(folder, name), text.replace('oidc_key_signer_up == 0', 'oidc_key_signer_up == 1'));
    }
    const { code } = await run(promtool, ['test', 'rules', 'alerts.test.yaml'], { cwd: folder });
    expect(code).toBe(1);
  });
});

describe('every alert rule', () => {
  interface Rules {
    readonly groups: readonly { readonly rules: readonly { readonly alert: string }[] }[];
  }
  interface Tests {
    readonly tests: readonly {
      readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts?: unknown }[];
    }[];
  }
  const read = (name: string): unknown => parse(readFileSync(join(monitoring, name), 'utf8'));
  const names = (read('alerts.yaml') as Rules).groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
  const tested = (read('alerts.test.yaml') as Tests).tests.flatMap((each) => each.alert_rule_test);

  it.each(names)('%s is tested to fire, and to be silent', (name) => {
    const ofIt = tested.filter(({ alertname }) => alertname === name);
    expect(ofIt.some(({ exp_alerts }) => exp_alerts)).toBe(true);
    expect(ofIt.some(({ exp_alerts }) => !exp_alerts)).toBe(true);
  });
});

describeWithPrometheus('a real Prometheus', () => {
  let server: ReturnType<typeof spawn>;
  let address: string;
  let target: string;
  const registry = new Registry();

  @Controller('metrics')
  class MetricsController {
    @Get()
    @Header('content-type', registry.contentType)
    serve() {
      return registry.metrics();
    }
  }

  beforeAll(async () => {
    [address, target] = [await freePort(), await freePort()].map((port) => `127.0.0.1:${port}`) as [
      string,
      string,
    ];
    const configuration = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(monitoring, 'alerts.yaml')],
      scrape_configs: [{ job_name: 'op', static_configs: [{ targets: [target] }] }],
    };
    writeFileSync(join(folder, 'prometheus.json'), JSON.stringify(configuration));
    server = spawn(
      prometheus,
      [
        `--config.file=${join(folder, 'prometheus.json')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=${address}`,
        '--log.level=error',
      ],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    );
  });
  afterAll(async () => {
    const closed = once(server, 'close');
    server.kill('SIGTERM');
    await closed;
  });

  type Result = readonly { readonly metric: Record<string, string>; readonly value: [number, string] }[];

  async function query(expression: string): Promise<Result> {
    const url = `http://${address}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const response = await fetch(url).catch(() => undefined);
    if (!response?.ok) return [];
    const { data } = (await response.json()) as { data: { result: Result } };
    return data.result;
  }

  it('scrapes an application, and answers what its keys did', async () => {
    const { app } = await boot(
      express(),
      {
        imports: [
          OidcKeyModule.forRoot({ key: { key: ecKey(), kid: 'one' } }),
          OidcKeyPrometheusModule.forRoot({ registry }),
        ],
        controllers: [MetricsController],
      },
      undefined,
      false,
      Number(target.split(':')[1]),
    );
    const { JwtService } = await import('nestjs-oidc-key');
    const jwt = app.get(JwtService, { strict: false });
    for (let time = 0; time < 7; time++) await jwt.verify(await jwt.sign({ sub: 'alice' }));
    const signed = 'sum by (issuer, kid) (oidc_key_signatures_total{outcome="signed"})';
    await until(async () => (await query(signed))[0]?.value[1] === '7', 25_000);
    expect((await query(signed))[0]!.metric).toEqual({ issuer: 'oidc', kid: 'one' });
    const [used] = await query('oidc_key_verifications_total{outcome="verified",kid="one"}');
    expect([used!.metric.job, used!.value[1]]).toEqual(['op', '7']);
    const [slowest] = await query(
      'histogram_quantile(1, sum by (le) (oidc_key_signature_duration_seconds_bucket))',
    );
    expect(Number(slowest!.value[1])).toBeGreaterThan(0);
    // Every rule that is shipped is one that it evaluates.
    const response = await fetch(`http://${address}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: { rules: { health: string; name: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(10);
    expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  });
});
