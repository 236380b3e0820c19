import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { rejectionOf } from '../../support/errors.js';
import { raftConfiguration } from '../../support/stores/openbao-raft.js';
import { OpenBao } from '../../support/stores/openbao.js';
import { ProxyWithFaults } from '../../support/stores/proxy-with-faults.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

describeStore(vaultUnderTest, 'a cluster', () => {
  let active: OpenBao;
  let standby: OpenBao;
  /** What is before both: it sends what changes something to the one, and the rest to the other. */
  let balancer: ProxyWithFaults;
  let settings: Readonly<Record<string, string>>;

  beforeAll(async () => {
    active = await OpenBao.configured();
    standby = await OpenBao.configured();
    await active.run([`-config=${await raftConfiguration(active)}`]);
    await active.ready();
    await standby.run([`-config=${await raftConfiguration(standby, active)}`]);
    const token = await active.login();
    await standby.answers(404, 'secret/data/nothing', token);
    settings = { VAULT_TOKEN: token };
    balancer = await ProxyWithFaults.before(standby.address);
  }, 60_000);
  afterAll(async () => {
    await balancer?.stop();
    await standby?.stop();
    await active?.stop();
  });
  beforeEach(() => {
    balancer.reset();
    balancer.fault = ({ method }) =>
      method === 'POST' ? { type: 'instead', address: active.address } : undefined;
  });

  it('is never read as it was before one’s own write, from a standby that is behind', async () => {
    const store = vaultStore(balancer, 'vault:secret/keys', settings);
    let expected: string | undefined;
    for (let round = 0; round < 60; round++) {
      const found = await store.read();
      expect(found?.text).toBe(expected);
      expected = `round ${round}`;
      expect(await store.write(expected, found?.version)).toBe(true);
    }
    // It was a standby that was asked, and had to be told.
    const reads = balancer.seen.filter(({ method, path }) => method === 'GET' && path.includes('/data/'));
    expect(reads.length).toBeGreaterThan(60);
    expect(reads.at(-1)!.headers).toMatchObject({
      'x-vault-index': expect.any(String),
      'x-vault-inconsistent': 'forward-active-node',
    });
  });

  it('without a leader reads on, and sends nothing to where the leader was', async () => {
    const store = vaultStore(standby, 'vault:secret/orphan', settings);
    await store.write('one', undefined);
    const { version } = (await store.read())!;
    await active.end();
    const stranger = await ProxyWithFaults.before(standby.address, active.port);
    expect(await store.read()).toMatchObject({ text: 'one' });
    const error = await rejectionOf(store.write('two', version));
    expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: true });
    expect(stranger.seen.filter(({ path }) => path.includes('/data/'))).toEqual([]);
    await stranger.stop();
  });
});
