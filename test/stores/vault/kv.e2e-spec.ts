import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { status as statusOf } from '../../../lib/rotate/index.js';
import { rejectionOf } from '../../support/errors.js';
import { privateKeyNamed } from '../../support/key-sets.js';
import { OpenBao } from '../../support/stores/openbao.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { vaultStore } from '../../support/stores/vault-store.js';
import { vaultUnderTest } from '../../support/stores/vault.under-test.js';

describeStore(vaultUnderTest, 'KV', () => {
  let server: OpenBao;
  let count = 0;
  beforeAll(async () => {
    server = await OpenBao.dev();
  }, 60_000);
  afterAll(() => server?.stop());

  const mount = async (path: string, version: string) => {
    await server.tell(`sys/mounts/${path}`, { body: { type: 'kv', options: { version } } });
  };
  const put = (path: string, data: unknown) => server.tell(path, { body: { data } });
  /** A name in `secret/` that nothing has yet. */
  const newName = () => `kv-${++count}`;
  const open = (name: string) => vaultStore(server, `vault:secret/${name}`);

  describe('what is there', () => {
    it.each([
      ['deleted', 'DELETE', 'data', undefined],
      ['destroyed', 'POST', 'destroy', { versions: [2] }],
    ])('is nothing where it was %s, and is written over by its version', async (_, method, kind, body) => {
      const name = newName();
      await put(`secret/data/${name}`, { jwks: 'one' });
      await put(`secret/data/${name}`, { jwks: 'two' });
      await server.tell(`secret/${kind}/${name}`, { method, body });
      const store = open(name);
      expect(await store.read()).toBeUndefined();
      expect(await store.write('three', undefined)).toBe(true);
      expect(await store.read()).toMatchObject({ text: 'three', version: expect.stringMatching(/^3@/) });
    });

    it('is what was there, where a deletion is taken back', async () => {
      const name = newName();
      const store = open(name);
      await store.write('one', undefined);
      const before = await store.read();
      await server.tell(`secret/data/${name}`, { method: 'DELETE' });
      await server.tell(`secret/undelete/${name}`, { body: { versions: [1] } });
      expect(await store.read()).toEqual({ ...before, date: expect.any(Number) });
      expect(await store.write('two', before!.version)).toBe(true);
    });

    it('is read until a deletion that is to come', async () => {
      const name = newName();
      await server.tell(`secret/metadata/${name}`, { body: { delete_version_after: '1h' } });
      const store = open(name);
      expect(await store.read()).toBeUndefined();
      expect(await store.write('one', undefined)).toBe(true);
      expect(await store.read()).toMatchObject({ text: 'one' });
    });

    it.each([[null], [{}]])('is an empty text where the secret holds %j', async (data) => {
      const name = newName();
      await put(`secret/data/${name}`, data);
      const store = open(name);
      const { text, version } = (await store.read())!;
      expect(text).toBe('');
      expect(await store.write('one', version)).toBe(true);
      expect(await store.read()).toMatchObject({ text: 'one' });
    });

    it('comes with what the clock of the server shows', async () => {
      const name = newName();
      await put(`secret/data/${name}`, { jwks: 'one' });
      const { date } = (await open(name).read())!;
      expect(Math.abs(date! - Date.now() / 1000)).toBeLessThan(60);
    });
  });

  describe('a secret that was deleted with its history, and made again', () => {
    it('is another version, though the counter says the same', async () => {
      const name = newName();
      const store = open(name);
      await store.write('one', undefined);
      const before = (await store.read())!;
      await server.tell(`secret/metadata/${name}`, { method: 'DELETE' });
      await put(`secret/data/${name}`, { jwks: 'another' });
      const other = open(name);
      expect((await other.read())!.version).not.toBe(before.version);
      expect(await store.write('two', before.version)).toBe(false);
      expect(await other.read()).toMatchObject({ text: 'another' });
      expect(await store.destroyBefore!(before.version)).toBe(0);
    });

    it('is not written where it is gone', async () => {
      const name = newName();
      const store = open(name);
      await store.write('one', undefined);
      const { version } = (await store.read())!;
      await server.tell(`secret/metadata/${name}`, { method: 'DELETE' });
      expect(await store.write('two', version)).toBe(false);
      expect(await store.read()).toBeUndefined();
    });
  });

  describe('writing', () => {
    it('sends the version each time, as a secret may ask for', async () => {
      const name = newName();
      await server.tell(`secret/metadata/${name}`, { body: { cas_required: true } });
      const store = open(name);
      expect(await store.write('one', undefined)).toBe(true);
      expect(await store.write('two', (await store.read())!.version)).toBe(true);
    });

    it('leaves the other fields, and writes the one that is named', async () => {
      const name = newName();
      await put(`secret/data/${name}`, { other: { deep: [1, 'two'] }, keys: 'one' });
      const store = vaultStore(server, `vault:secret/${name}#keys`);
      const { text, version } = (await store.read())!;
      expect(text).toBe('one');
      expect(await store.write('two', version)).toBe(true);
      const { json } = await server.ask(`secret/data/${name}`);
      expect(json.data!.data).toEqual({ other: { deep: [1, 'two'] }, keys: 'two' });
    });
  });

  describe('the mount', () => {
    it('is found where its name has slashes, and where another begins like it', async () => {
      await mount('team/apps/kv', '2');
      await mount('team/apps/kv-of-others', '2');
      const store = vaultStore(server, 'vault:team/apps/kv/issuer/keys');
      expect(await store.write('one', undefined)).toBe(true);
      const { json } = await server.ask('team/apps/kv/data/issuer/keys');
      expect(json.data!.data).toEqual({ jwks: 'one' });
      const other = vaultStore(server, 'vault:team/apps/kv-of-others/keys');
      expect(await other.write('two', undefined)).toBe(true);
      expect((await server.ask('team/apps/kv-of-others/data/keys')).json.data!.data).toEqual({ jwks: 'two' });
    });

    it.each(['a b', 'é漢', 'a+b', '100%', '%2F', 'a?b=c', 'a&b', 'a;b', 'data', 'x*'])(
      'has a secret of the name %j',
      async (part) => {
        const name = `odd-${++count}/${part}/keys`;
        const store = open(name);
        expect(await store.write('one', undefined)).toBe(true);
        expect(await open(name).read()).toMatchObject({ text: 'one' });
      },
    );

    it('is in a namespace', async () => {
      await server.tell('sys/namespaces/team-a', { body: {} });
      const headers = { 'x-vault-namespace': 'team-a' };
      await server.tell('sys/mounts/kv', { body: { type: 'kv', options: { version: '2' } }, headers });
      for (const namespace of ['team-a', 'team-a/']) {
        const store = vaultStore(server, `vault:kv/${namespace.length}`, { VAULT_NAMESPACE: namespace });
        expect(await store.write('one', undefined)).toBe(true);
        expect(await store.read()).toMatchObject({ text: 'one' });
        const { status } = await server.ask(`kv/data/${namespace.length}`, { headers });
        expect(status).toBe(200);
      }
    });
  });

  describe('of version 1', () => {
    beforeAll(() => mount('old', '1'));

    it('is read, and has another version where it was changed', async () => {
      const store = vaultStore(server, 'vault:old/app/keys');
      expect(await store.read()).toBeUndefined();
      await server.tell('old/app/keys', { body: { jwks: 'one', other: 1 } });
      const first = (await store.read())!;
      expect(first.text).toBe('one');
      expect(await vaultStore(server, 'vault:old/app/keys').read()).toMatchObject({ version: first.version });
      await server.tell('old/app/keys', { body: { jwks: 'two', other: 1 } });
      expect((await store.read())!.version).not.toBe(first.version);
    });

    it('has no old versions to destroy', async () => {
      await server.tell('old/app/kept', { body: { jwks: 'one' } });
      const store = vaultStore(server, 'vault:old/app/kept');
      expect(await store.destroyBefore!((await store.read())!.version)).toBe(0);
    });

    it.each([
      ['where nothing is', 'app/none', undefined],
      ['over what is there', 'app/some', 'one'],
    ])('is not written, %s', async (_, name, text) => {
      if (text !== undefined) await server.tell(`old/${name}`, { body: { jwks: text } });
      const store = vaultStore(server, `vault:old/${name}`);
      const version = (await store.read())?.version;
      expect(await rejectionOf(store.write('new', version))).toMatchObject({
        code: 'KEY_STORE_NOT_WRITTEN',
        message: expect.stringMatching(/^vault:old\/app\/.*version 1 of KV/),
      });
      expect((await store.read())?.text).toBe(text);
      expect((await server.ask(`old/data/${name}`)).status).toBe(404);
    });
  });

  describe('a mount that changes while a process runs', () => {
    it('is read as version 2 once it was upgraded', async () => {
      await mount('upgraded', '1');
      await server.tell('upgraded/keys', { body: { jwks: 'one' } });
      const store = vaultStore(server, 'vault:upgraded/keys');
      expect(await store.read()).toMatchObject({ text: 'one' });
      await server.tell('sys/mounts/upgraded/tune', { body: { options: { version: '2' } } });
      const { text, version } = (await store.read())!;
      expect([text, await store.write('two', version)]).toEqual(['one', true]);
      expect(await store.read()).toMatchObject({ text: 'two' });
    });

    it.each([
      ['is there', 'one'],
      ['is not there', undefined],
    ])('is never written as version 2 where it is version 1 by now, and the secret %s', async (_, text) => {
      const path = `replaced-${++count}`;
      await mount(path, '2');
      const store = vaultStore(server, `vault:${path}/keys`);
      await store.write('zero', undefined);
      await store.read();
      await server.tell(`sys/mounts/${path}`, { method: 'DELETE' });
      await mount(path, '1');
      if (text !== undefined) await server.tell(`${path}/keys`, { body: { jwks: text } });
      const found = await store.read();
      expect(found?.text).toBe(text);
      expect((await rejectionOf(store.write('two', found?.version))).code).toBe('KEY_STORE_NOT_WRITTEN');
      expect((await server.ask(`${path}/data/keys`)).status).toBe(404);
    });

    it('is read as version 1, where somebody has written there as if it were version 2', async () => {
      await mount('mistaken', '2');
      const store = vaultStore(server, 'vault:mistaken/keys');
      await store.write('zero', undefined);
      await store.read();
      await server.tell('sys/mounts/mistaken', { method: 'DELETE' });
      await mount('mistaken', '1');
      await server.tell('mistaken/data/keys', { body: { data: { jwks: 'wrong' }, options: { cas: 0 } } });
      await server.tell('mistaken/keys', { body: { jwks: 'one' } });
      expect(await store.read()).toMatchObject({ text: 'one' });
    });

    it('says that it is gone', async () => {
      await mount('gone', '2');
      const store = vaultStore(server, 'vault:gone/keys');
      await store.write('one', undefined);
      await server.tell('sys/mounts/gone', { method: 'DELETE' });
      expect(await rejectionOf(store.read())).toMatchObject({
        code: 'KEY_STORE_FORBIDDEN',
        message: expect.stringContaining('vault:gone/keys is in no mount of this server'),
      });
    });
  });

  describe('old versions', () => {
    it('are destroyed, but for those that are, and the newest and what came after it stay', async () => {
      const name = newName();
      for (const text of ['a', 'b', 'c']) await put(`secret/data/${name}`, { jwks: text });
      await server.tell(`secret/destroy/${name}`, { body: { versions: [1] } });
      // One that was deleted can be had again.
      await server.tell(`secret/delete/${name}`, { body: { versions: [2] } });
      const store = open(name);
      const { version } = (await store.read())!;
      await put(`secret/data/${name}`, { jwks: 'd' });
      expect(await store.destroyBefore!(version)).toBe(1);
      const { json } = await server.ask(`secret/metadata/${name}`);
      const destroyed = Object.entries(json.data!.versions!).map(([number, each]) => [
        number,
        each.destroyed,
      ]);
      expect(Object.fromEntries(destroyed)).toEqual({ 1: true, 2: true, 3: false, 4: false });
      expect(await store.read()).toMatchObject({ text: 'd' });
      expect(await store.destroyBefore!(version)).toBe(0);
    });
  });

  describe('the versions before', () => {
    it('are given with their instants, newest first, but for those that were deleted', async () => {
      const name = newName();
      for (const text of ['one', 'two', 'three', 'four']) await put(`secret/data/${name}`, { jwks: text });
      await server.tell(`secret/delete/${name}`, { body: { versions: [2] } });
      const store = open(name);
      const { since } = (await store.read())!;
      const others = await store.others!();
      expect(others.map(({ text }) => text)).toEqual(['three', 'one']);
      const instants = [since!, ...others.map((other) => other.since)];
      expect(instants).toEqual(instants.toSorted((a, b) => b - a));
      expect(Math.abs(since! - Date.now() / 1000)).toBeLessThan(60);
      await put(`secret/data/${name}`, { jwks: 'five' });
      await store.read();
      expect((await store.others!()).map(({ text }) => text)).toEqual(['four', 'three', 'one']);
    });

    it('are none where there is one, and where nothing is there', async () => {
      const store = open(newName());
      expect(await store.others!()).toEqual([]);
      await store.write('one', undefined);
      expect(await store.others!()).toEqual([]);
    });

    it('end where the server keeps no more', async () => {
      const name = newName();
      for (let number = 1; number <= 14; number++) await put(`secret/data/${name}`, { jwks: String(number) });
      expect((await open(name).others!()).map(({ text }) => Number(text))).toEqual([
        13, 12, 11, 10, 9, 8, 7, 6, 5,
      ]);
    });

    it('say which plain key was there, so that a new PEM over the old one is a rotation', async () => {
      const name = newName();
      const pem = (kid: string) => privateKeyNamed(kid).export({ format: 'pem', type: 'pkcs8' }) as string;
      await put(`secret/data/${name}`, { jwks: pem('one') });
      await put(`secret/data/${name}`, { jwks: pem('two') });
      const { keys } = await statusOf({ store: open(name), settings: { get: () => undefined } });
      expect(keys).toMatchObject([
        { state: 'signs', published: true },
        { state: 'waits', published: true },
      ]);
    });
  });
});
