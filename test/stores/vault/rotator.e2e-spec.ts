import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import type { KeySet } from '../../../lib/core/key-set/key-set.js';
import { rotateIn } from '../../../lib/stores/commands.js';
import { makingHere } from '../../../lib/stores/make-key.js';
import { openStored } from '../../../lib/stores/stored-key-set.js';
import { cleanEnvironment, commandLine } from '../../support/processes.js';
import { figures, jwkOf } from '../../support/key-sets.js';
import { OpenBao, rootToken } from '../../support/stores/openbao.js';
import { ProxyWithFaults } from '../../support/stores/proxy-with-faults.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

const decryption = { where: 'The store', passphrase: undefined };

describeStore(vaultUnderTest, 'who rotates', () => {
  let server: OpenBao;
  let proxy: ProxyWithFaults;
  let place: string;
  let count = 0;

  beforeAll(async () => {
    server = await OpenBao.dev();
    proxy = await ProxyWithFaults.before(server.address);
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await server?.stop();
  });
  beforeEach(newPlace);

  /** A place with a plain key in it, of which each rotation makes a key set with one more. */
  async function newPlace(): Promise<void> {
    proxy.reset();
    place = `rotated-${++count}`;
    const { kid: _, ...jwk } = jwkOf({ kid: 'old' });
    await server.tell(`secret/data/${place}`, { body: { data: { jwks: JSON.stringify(jwk) } } });
  }

  async function keySet(): Promise<KeySet> {
    const found = await vaultStore(server, `vault:secret/${place}`).read();
    return (await openStored(found!.text, decryption))!;
  }

  const rotate = async () => {
    const store = vaultStore(proxy, `vault:secret/${place}`);
    const { outcome } = await rotateIn({ store, decryption, figures, make: makingHere() });
    return outcome;
  };

  async function requestsOfRotation(): Promise<number> {
    await rotate();
    const { length } = proxy.seen;
    expect(length).toBeGreaterThan(5);
    return length;
  }

  it.each([
    ['is lost', 'lost'],
    ['never comes, as the request was lost', 'reset'],
  ] as const)('makes one key, whichever answer %s', async (_, type) => {
    const requests = await requestsOfRotation();
    for (let lost = 1; lost <= requests; lost++) {
      await newPlace();
      proxy.fault = (_seen, number) => (number === lost ? { type } : undefined);
      expect([lost, await rotate()]).toEqual([lost, 'written']);
      expect([lost, (await keySet()).keys.length]).toEqual([lost, 2]);
    }
  });

  it.each([
    ['before', 'reset'],
    ['after', 'lost'],
  ] as const)(
    'may be killed %s any of its requests is done: one key is there when it is run again',
    async (_, type) => {
      const run = async () => {
        const child = spawn(process.execPath, [commandLine, 'rotate', `vault:secret/${place}`], {
          env: cleanEnvironment({ VAULT_ADDR: proxy.address, VAULT_TOKEN: rootToken }),
          stdio: 'ignore',
        });
        await once(child, 'spawn');
        return { child, closed: once(child, 'close') as Promise<[number | null]> };
      };
      const requests = await requestsOfRotation();
      let written = 0;
      for (let killed = 1; killed <= requests; killed++) {
        await newPlace();
        proxy.fault = (_seen, number) => (number >= killed ? { type } : undefined);
        const { child, closed } = await run();
        while (proxy.seen.length < killed && child.exitCode === null) {
          await wait(2);
        }
        // What the server was asked, it does.
        await proxy.idle();
        child.kill('SIGKILL');
        await closed;
        const { length } = (await keySet()).keys;
        written += length - 1;
        proxy.reset();
        const [code] = await (await run()).closed;
        // Where it was written, the key waits, and the command says so.
        expect([killed, code]).toEqual([killed, length === 1 ? 0 : 1]);
        expect([killed, (await keySet()).keys.length]).toEqual([killed, 2]);
      }
      expect(written).toBe(type === 'lost' ? 1 : 0);
    },
    120_000,
  );
});
