import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { createClient } from '@libsql/client/sqlite3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { RawClient, tokensOf } from '../sample/raw-client.js';
import type { Answer, Code, Tokens } from '../sample/raw-client.js';
import { main, restart, sampleEnvironment, startProcess, startSample } from '../sample/sample-server.js';
import type { SampleProcess } from '../sample/sample-server.js';
import { payloadOf } from '../support/tokens.js';
import { until } from '../support/waiting.js';

async function checkIntegrity(folder: string): Promise<unknown> {
  const client = createClient({ url: pathToFileURL(join(folder, 'sample.sqlite')).href });
  try {
    return (await client.execute('PRAGMA integrity_check')).rows.map((row) => row['integrity_check']);
  } finally {
    client.close();
  }
}

/** What clients were told before the server was killed. */
class Answered {
  readonly machineTokens: string[] = [];
  readonly redeemed: { code: Code; tokens: Tokens }[] = [];
  readonly refreshed: { spent: string; tokens: Tokens }[] = [];
}

describe('a server that is killed at any moment while it is busy', () => {
  let sample: SampleProcess;
  beforeAll(async () => {
    sample = await startSample();
  });
  afterAll(() => sample.server.stop());

  /** Asks until the server is gone. What is under way then was not answered, and nothing is known of it. */
  async function untilKilled<Told>(
    ask: () => Promise<Answer>,
    tell: (answer: Answer) => Told,
  ): Promise<Told | undefined> {
    const answer = await ask().catch(() => undefined);
    return answer && tell(answer);
  }

  async function keepBusy(
    codes: readonly Code[],
    refreshTokens: readonly string[],
    told: Answered,
  ): Promise<void> {
    const native = RawClient.native(sample);
    const redeemAll = async () => {
      for (const code of codes) {
        const tokens = await untilKilled(() => native.redeem(code), tokensOf);
        if (!tokens) return;
        told.redeemed.push({ code, tokens });
      }
    };
    const refresh = async (first: string) => {
      for (let spent = first; ;) {
        const tokens = await untilKilled(() => native.refresh(spent), tokensOf);
        if (!tokens) return;
        told.refreshed.push({ spent, tokens });
        spent = tokens.refresh_token;
      }
    };
    const mint = async () => {
      for (;;) {
        const tokens = await untilKilled(() => RawClient.web(sample).clientCredentials(), tokensOf);
        if (!tokens) return;
        told.machineTokens.push(tokens.access_token);
      }
    };
    await Promise.all([redeemAll(), ...refreshTokens.map(refresh), mint(), mint()]);
  }

  it.each([1, 2, 3])(
    'has lost nothing that it answered (round %p)',
    async () => {
      const native = RawClient.native(sample);
      const codes: Code[] = [];
      for (let count = 0; count < 4; count += 1) codes.push(await native.code());
      const families = [await native.tokens(), await native.tokens()].map((tokens) => tokens.refresh_token);

      const told = new Answered();
      const busy = keepBusy(codes, families, told);
      await until(
        () => told.redeemed.length > 0 && told.refreshed.length > 1 && told.machineTokens.length > 1,
      );
      await wait(Math.random() * 200);
      sample.server.signal('SIGKILL');
      await busy;
      expect(await sample.server.ended()).toBeNull();

      expect(await checkIntegrity(sample.folder)).toEqual(['ok']);
      sample = await restart(sample);
      const web = RawClient.web(sample);

      for (const token of told.machineTokens) expect(await web.isActive(token)).toBe(true);
      for (const { tokens } of told.redeemed) {
        expect(await web.isActive(tokens.access_token)).toBe(true);
        expect(await web.isActive(tokens.refresh_token)).toBe(true);
      }
      // The newest of a family may have been spent by the request that the kill cut off.
      const spent = new Set(told.refreshed.map((each) => each.spent));
      for (const token of spent) expect(await web.isActive(token)).toBe(false);

      // Last, since it ends what came of the code.
      for (const { code } of told.redeemed) {
        const again = await RawClient.native(sample).redeem(code);
        expect([again.status, again.body['error']]).toEqual([400, 'invalid_grant']);
      }
      const token = (await RawClient.native(sample).tokens()).access_token;
      expect(payloadOf(token)).toHaveProperty('sub');
    },
    60_000,
  );
});

async function killWhileItMakesItsDatabase(delay: number): Promise<Record<string, string>> {
  const environment = await sampleEnvironment();
  const folder = environment['DATA_DIR'] ?? '';
  const child = spawn(process.execPath, [main], { env: environment, cwd: folder, stdio: 'ignore' });
  const ended = once(child, 'exit');
  await until(() => existsSync(join(folder, 'sample.sqlite')));
  await wait(delay);
  child.kill('SIGKILL');
  await ended;
  return environment;
}

it('a server that is killed while it makes its database starts again', async () => {
  const restarts = [0, 5, 20].map(async (delay) => {
    const environment = await killWhileItMakesItsDatabase(delay);
    const server = await startProcess(environment);
    expect(await server.stop()).toBe(0);
    expect(await checkIntegrity(environment['DATA_DIR'] ?? '')).toEqual(['ok']);
  });
  await Promise.all(restarts);
});
