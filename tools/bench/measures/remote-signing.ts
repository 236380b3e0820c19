import { Agent, request } from 'node:http';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { RemoteSigner } from '../../../lib/core/key/remote-signer.js';
import { VerificationKey } from '../../../lib/core/key/verification-key.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { isOpenBaoInstalled, OpenBao, rootToken } from '../../../test/support/stores/openbao.js';
import { tokenRequest } from '../load.js';
import { interleaved } from '../rounds.js';
import { quantile, rowOf } from '../row.js';
import type { Row } from '../row.js';
import { ServerProcess } from '../server-process.js';

const signatures = 300;
const atOnce = 4;
const data = Buffer.alloc(500, 'x');

/** What a signature by a KMS takes through this package, beside a bare client of the same server. */
export async function measureRemoteSigning(): Promise<Row[]> {
  if (!isOpenBaoInstalled) {
    process.stderr.write(
      'OpenBao is not installed, and what it signs is not measured; .ci/machine installs it.\n',
    );
    return [];
  }
  const server = await OpenBao.dev();
  try {
    await server.tell('sys/mounts/transit', { body: { type: 'transit' } });
    const environment: Record<string, string> = { VAULT_ADDR: server.address, VAULT_TOKEN: rootToken };
    const context = { name: 'The key', setting: (name: string) => environment[name] };
    const algorithm = algorithmNamed('ES256')!;
    const target = await openKms('vault-transit:transit/oidc', context);
    const held = await target.create({ alg: 'ES256', algorithm, bits: 0 }, AbortSignal.timeout(10_000));
    const driver = await openKms(held.reference, context);
    const key = new VerificationKey({ keyObject: held.publicKey, where: held.reference });
    const signer = new RemoteSigner({
      key,
      where: held.reference,
      signer: { sign: (input, signal) => driver.sign(input, algorithm, signal!) },
    });
    const agent = new Agent({ keepAlive: true });
    const bare = () => askOf(server.address, agent);
    const issuer = await ServerProcess.start('server', {
      platform: 'Fastify',
      key: 'P-256',
      signer: 'ours',
      store: { reference: held.reference, environment },
    });
    const latency = await interleaved(
      {
        ours: () => percentileOf(() => signer.sign(data)),
        tokens: () => percentileOf(() => post(`${issuer.url}/token`, agent, tokenRequest)),
        theirs: () => percentileOf(bare),
      },
      11,
    );
    await issuer.stop();
    agent.destroy();
    target.close?.();
    driver.close?.();
    const about = {
      beside: 'a bare HTTP client of the same server',
      kind: 'difference',
      unit: 'ms',
      target: { atMost: 2 },
    } as const;
    return [
      rowOf(
        { ...about, measure: '/token signed by Transit, ES256, 99th percentile, 4 at once' },
        latency.tokens,
        latency.theirs,
      ),
      rowOf(
        { ...about, measure: 'signature of ES256 by Transit, 99th percentile, 4 at once' },
        latency.ours,
        latency.theirs,
      ),
    ];
  } finally {
    await server.stop();
  }
}

async function percentileOf(sign: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  const work = async () => {
    while (times.length < signatures) {
      const start = performance.now();
      await sign();
      times.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return quantile(times, 0.99);
}

function askOf(address: string, agent: Agent): Promise<void> {
  const body = JSON.stringify({
    input: data.toString('base64'),
    key_version: 1,
    marshaling_algorithm: 'jws',
  });
  const url = `${address}/v1/transit/sign/oidc/sha2-256`;
  return post(url, agent, { headers: { 'x-vault-token': rootToken }, body });
}

function post(
  url: string,
  agent: Agent,
  { headers, body }: { readonly headers: Record<string, string>; readonly body: string },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      agent,
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
    });
    asked.once('error', reject).once('response', (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`${url} answered ${answer.statusCode}`));
      answer.once('end', resolve).resume();
    });
    asked.end(body);
  });
}
