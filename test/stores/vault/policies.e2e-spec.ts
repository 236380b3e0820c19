import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import type { KeyStore } from '../../../lib/stores/key-store.js';
import { initIn, rotateIn } from '../../../lib/stores/commands.js';
import { makingHere } from '../../../lib/stores/make-key.js';
import { rejectionOf } from '../../support/errors.js';
import { figures } from '../../support/key-sets.js';
import { pageAt } from '../../support/pages.js';
import { OpenBao } from '../../support/stores/openbao.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

/** The policy of docs/stores.md that begins with this comment. */
function policyOf(who: string): string {
  const blocks = pageAt('docs/stores.md').blocks.filter(
    ({ language, code }) => language === 'hcl' && code.trimStart().startsWith(`# ${who}\n`),
  );
  expect(blocks).toHaveLength(1);
  return blocks[0]!.code;
}

describeStore(vaultUnderTest, 'the policies of docs/stores.md', () => {
  let server: OpenBao;
  beforeAll(async () => {
    server = await OpenBao.dev();
  }, 60_000);
  afterAll(() => server?.stop());
  beforeEach(async () => {
    await server.tell('secret/metadata/oidc-keys', { method: 'DELETE' });
  });

  const openFor = async (who: string): Promise<KeyStore> =>
    vaultStore(server, 'vault:secret/oidc-keys', { VAULT_TOKEN: await server.tokenWith(policyOf(who)) });
  const placeOf = (store: KeyStore) => ({
    store,
    figures,
    make: makingHere(),
    decryption: { where: 'The store', passphrase: undefined },
  });
  const init = (store: KeyStore) => initIn(placeOf(store), { algorithm: 'ES256' });

  it('let a server read, and nothing else', async () => {
    const store = await openFor('A server');
    expect(await store.read()).toBeUndefined();
    expect((await rejectionOf(init(store))).code).toBe('KEY_STORE_FORBIDDEN');
    await init(vaultStore(server, 'vault:secret/oidc-keys'));
    const { version } = (await store.read())!;
    expect((await rejectionOf(store.write('two', version))).code).toBe('KEY_STORE_FORBIDDEN');
    expect((await rejectionOf(store.destroyBefore!(version))).code).toBe('KEY_STORE_FORBIDDEN');
  });

  it('name the path of a secret as the API has it, and not as the commands do', async () => {
    const token = await server.tokenWith(policyOf('A server'));
    const { message } = await rejectionOf(
      vaultStore(server, 'vault:secret/data/oidc-keys', { VAULT_TOKEN: token }).read(),
    );
    expect(message).toMatch(
      /^Name the secret without data\/ before it, .*: vault:secret\/oidc-keys\. Else: .*secret\/data\/data\/oidc-keys/,
    );
    expect(
      (await rejectionOf(vaultStore(server, 'vault:secret/other', { VAULT_TOKEN: token }).read())).message,
    ).toMatch(/^vault:secret\/other may not be read/);
  });

  it('let who rotates do so, after a deletion too, and destroy nothing', async () => {
    const store = await openFor('Whoever rotates');
    expect((await init(store)).outcome).toBe('written');
    expect((await rotateIn(placeOf(store))).outcome).toBe('written');
    await server.tell('secret/data/oidc-keys', { method: 'DELETE' });
    expect((await init(store)).outcome).toBe('written');
    const { version } = (await store.read())!;
    expect((await rejectionOf(store.destroyBefore!(version))).code).toBe('KEY_STORE_FORBIDDEN');
  });

  it('let who rotates with --prune destroy what is old', async () => {
    const store = await openFor('Whoever rotates with --prune');
    await init(store);
    const { outcome } = await rotateIn(placeOf(store), { prune: true });
    expect(outcome).toBe('written');
    const { json } = await server.ask('secret/metadata/oidc-keys');
    expect(Object.values(json.data!.versions!).map(({ destroyed }) => destroyed)).toEqual([true, false]);
  });

  it.each(['A server', 'Whoever rotates', 'Whoever rotates with --prune'])(
    'reach no other secret: %s',
    async (who) => {
      const token = await server.tokenWith(policyOf(who));
      for (const path of [
        'secret/data/other',
        'secret/metadata/other',
        'secret/data/oidc-keys/below',
        'sys/mounts',
      ]) {
        expect([path, (await server.ask(path, { token })).status]).toEqual([path, 403]);
      }
    },
  );
});
