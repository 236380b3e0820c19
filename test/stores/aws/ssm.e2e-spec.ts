import { randomUUID } from 'node:crypto';

import { LabelParameterVersionCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import type { PutParameterRequest, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { rotate } from '../../../lib/core/key-set/rotate.js';
import { openAwsParameter } from '../../../lib/stores/aws/aws-ssm.driver.js';
import { fromNothing } from '../../../lib/stores/key-store.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import { runCommand } from '../../../lib/stores/run-command.js';
import type { SecretDriver, SecretPlace } from '../../../lib/stores/secret-driver.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { openStored } from '../../../lib/stores/stored-key-set.js';
import { rejectionOf } from '../../support/errors.js';
import { figures, making, setOf } from '../../support/key-sets.js';
import { systemsManagerAt, valueOfParameter } from '../../support/stores/aws/aws-ssm.under-test.js';
import { AwsProxy } from '../../support/stores/aws/aws-proxy.js';
import { placeOf } from '../../support/stores/aws/drivers.js';
import { environmentFor, everyEmulator, moto } from '../../support/stores/aws/emulators.js';
import type { RunningEmulator } from '../../support/stores/aws/emulators.js';
import { describeStore } from '../../support/stores/store-under-test.js';

const kind = 'aws-ssm';
/** By the clock of the store, with which that of a command has to agree. */
const longAgo = { kid: 'a', iat: -500_000_000, nbf: -500_000_000 };
const never = () => new AbortController().signal;

for (const emulator of everyEmulator) {
  const row = { kind, against: emulator.name, isInstalled: emulator.isInstalled };
  describeStore(row, 'what is particular', () => {
    let aws: RunningEmulator;
    let proxy: AwsProxy;
    let client: SSMClient;
    let name: string;

    beforeAll(async () => {
      aws = await emulator.start();
      proxy = await AwsProxy.start(aws.endpoint);
      client = systemsManagerAt(aws.endpoint);
    }, 120_000);
    afterAll(async () => {
      client?.destroy();
      await proxy?.stop();
      await aws?.stop();
    });
    beforeEach(() => {
      name = `/oidc/keys-${randomUUID()}`;
      proxy.fault = () => undefined;
      proxy.heard.length = 0;
    });

    const open = (more: Partial<SecretPlace> = {}): Promise<SecretDriver> =>
      openAwsParameter(placeOf({ kind, place: name }, proxy.endpoint, more));
    const storeOf = (reference = `${kind}:${name}`): KeyStore => {
      const environment = environmentFor(proxy.endpoint);
      return keyStoreNamed(reference, { name: 'OIDC_KEY_STORE', setting: (each) => environment[each] });
    };
    const put = (more: Partial<PutParameterRequest> = {}) =>
      client.send(
        new PutParameterCommand({ Name: name, Value: 'a', Type: 'SecureString', Overwrite: true, ...more }),
      );
    const putBodies = () =>
      proxy.heard.filter(({ action }) => action === 'PutParameter').map(({ body }) => body);

    it('is read decrypted, with its counter as the version, and when AWS answered', async () => {
      await put();
      await put({ Value: 'b' });
      const secret = await (await open()).read(never());
      expect(secret).toMatchObject({ content: 'b', version: '2' });
      expect(Math.abs(secret!.date! - Date.now() / 1000)).toBeLessThan(5);
      expect(proxy.heard).toEqual([{ action: 'GetParameter', body: { Name: name, WithDecryption: true } }]);
    });

    it('may be named without a path', async () => {
      name = `oidc-${randomUUID()}`;
      const store = storeOf();
      expect(await store.write('a', undefined)).toBe(true);
      expect(await valueOfParameter(client, name)).toBe('a');
    });

    it.each([
      [4_096, 'Standard'],
      [4_097, 'Advanced'],
      [8_192, 'Advanced'],
    ])('%i bytes are of the tier %s, whether it is made or written', async (bytes, tier) => {
      const store = storeOf();
      expect(await store.write('x'.repeat(bytes), undefined)).toBe(true);
      expect(await store.write('y'.repeat(bytes), (await store.read())!.version)).toBe(true);
      expect(putBodies().map(({ Tier, Type, Overwrite }) => ({ Tier, Type, Overwrite }))).toEqual([
        { Tier: tier, Type: 'SecureString', Overwrite: undefined },
        { Tier: tier, Type: 'SecureString', Overwrite: true },
      ]);
    });

    it('counts bytes, and refuses more than AWS takes before anything is sent, saying what to do', async () => {
      const store = storeOf();
      expect(await store.write('é'.repeat(2_049), undefined)).toBe(true);
      expect(putBodies()[0]).toMatchObject({ Tier: 'Advanced' });
      const { version } = (await store.read())!;
      proxy.heard.length = 0;
      const error = await rejectionOf(store.write('é'.repeat(4_097), version));
      expect(error).toMatchObject({ code: 'KEY_STORE_TOO_LARGE' });
      expect(error.message).toContain('takes 8192 bytes, and the key set has 8194');
      expect(proxy.heard).toEqual([]);
    });

    it.each(['Advanced', 'Intelligent-Tiering'] as const)('what is %s stays so', async (tier) => {
      await put({ Tier: tier });
      const store = storeOf();
      expect(await store.write('short', (await store.read())!.version)).toBe(true);
      expect(putBodies()).toEqual([expect.objectContaining({ Tier: tier })]);
    });

    it('the KMS key of the parameter is kept', async () => {
      await put({ KeyId: 'alias/of-the-issuer' });
      const store = storeOf();
      expect(await store.write('b', (await store.read())!.version)).toBe(true);
      expect(putBodies()).toEqual([expect.objectContaining({ KeyId: 'alias/of-the-issuer' })]);
      const answer = await storeOf().read();
      expect(answer).toMatchObject({ text: 'b', version: '2' });
    });

    it('one that holds a space, as infrastructure code makes it with a KMS key, holds nothing', async () => {
      await put({ Value: ' ', KeyId: 'alias/of-the-issuer' });
      const { text, version } = (await storeOf().read())!;
      expect(await openStored(text, { where: '', passphrase: undefined })).toBeUndefined();
      expect(await storeOf().write('b', version)).toBe(true);
      expect(putBodies()).toEqual([expect.objectContaining({ KeyId: 'alias/of-the-issuer' })]);
    });

    it('one that is not encrypted is read, to be taken over, and is not written', async () => {
      await put({ Type: 'String' });
      const store = storeOf();
      const { text, version } = (await store.read())!;
      expect(text).toBe('a');
      const error = await rejectionOf(store.write('b', version));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN' });
      expect(error.message).toContain('is no SecureString');
      expect(await valueOfParameter(client, name)).toBe('a');
    });

    it('by its ARN it is read, and not written', async () => {
      await put();
      const answer = await (await open()).read(never());
      expect(answer).toBeDefined();
      const account = emulator === moto ? '123456789012' : '000000000000';
      const place = `arn:aws:ssm:eu-west-1:${account}:parameter${name}`;
      const driver = await open({ place });
      expect(await driver.read(never())).toMatchObject({ content: 'a' });
      proxy.heard.length = 0;
      const error = await rejectionOf(driver.write('b', '1', never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN' });
      expect(proxy.heard).toEqual([]);
    });

    it('leaves the other fields of a parameter as they are', async () => {
      await put({ Value: '{"password":"p","oidc":"old"}' });
      const store = storeOf(`${kind}:${name}#oidc`);
      const read = (await store.read())!;
      expect(read.text).toBe('old');
      expect(await store.write('new', read.version)).toBe(true);
      expect(JSON.parse((await valueOfParameter(client, name))!)).toEqual({ password: 'p', oidc: 'new' });
    });

    it('finds what lies between among more versions than one page, or than AWS keeps', async () => {
      for (let version = 1; version <= 105; version++) await put({ Value: `text ${version}` });
      const store = storeOf();
      expect((await store.between!('102', '105')).map(({ text }) => text)).toEqual(['text 103', 'text 104']);
      expect(await store.between!('104', '105')).toEqual([]);
      const all = (await store.between!(fromNothing, '105')).map(({ version }) => Number(version));
      expect(all.at(-1)).toBe(104);
      expect(all.length).toBeGreaterThanOrEqual(99);
      expect(all).toEqual(Array.from({ length: all.length }, (_, index) => 105 - all.length + index));
    });

    it('has nothing between where the parameter was deleted and begins again', async () => {
      await put();
      await put({ Value: 'b' });
      expect(await storeOf().between!('7', '2')).toEqual([]);
    });

    it('says how old versions go, which AWS does not destroy', async () => {
      await put();
      expect(await storeOf().destroyBefore!('1')).toContain('keeps the last 100 versions');
    });

    it('of eight who make a parameter at once one does', async () => {
      const written = await Promise.all(
        Array.from({ length: 8 }, async (_, index) =>
          (await open()).write(`by ${index}`, undefined, never()),
        ),
      );
      expect(written.filter(Boolean)).toHaveLength(1);
      expect(await valueOfParameter(client, name)).toBe(`by ${written.indexOf(true)}`);
    });

    it.each(
      ['GetParameterHistory', 'PutParameter'].flatMap((action) =>
        (['lost', 'reset'] as const).map((fault) => [fault, action] as const),
      ),
    )('an answer that is %s at %s makes no second key', async (fault, action) => {
      await put({ Value: setOf(longAgo).toText() });
      let isBroken = false;
      proxy.fault = (heard) => {
        if (isBroken || heard.action !== action) return undefined;
        isBroken = true;
        return fault;
      };
      const rotateOnce = (made: string) =>
        runCommand(
          {
            store: storeOf(),
            decryption: { where: `${kind}:${name}`, passphrase: undefined },
            figures,
            make: async (alg) => making(made)(alg),
          },
          (set, context) => rotate(set, context),
        );
      const { outcome } = await rotateOnce('b').catch(() => rotateOnce('c'));
      expect(outcome.type).toBe('write');
      const text = await valueOfParameter(client, name);
      expect((await openStored(text!, { where: '', passphrase: undefined }))!.keys).toHaveLength(2);
      expect(await storeOf().read()).toMatchObject({ version: '2' });
    });

    it('a client that was given is used as it is, and is not ended', async () => {
      const given = systemsManagerAt(proxy.endpoint);
      const stack = given.middlewareStack.identify();
      const driver = await open({ client: given });
      expect(await driver.write('a', undefined, never())).toBe(true);
      driver.close!();
      expect(given.middlewareStack.identify()).toEqual(stack);
      expect(await driver.read(never())).toMatchObject({ content: 'a' });
      given.destroy();
    });

    if (emulator === moto) {
      it('says what to do where a label keeps the oldest of a hundred versions', async () => {
        for (let version = 1; version <= 100; version++) await put({ Value: `text ${version}` });
        await client.send(
          new LabelParameterVersionCommand({ Name: name, ParameterVersion: 1, Labels: ['keep'] }),
        );
        const error = await rejectionOf(storeOf().write('b', '100'));
        expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN' });
        expect(error.message).toContain('unlabel-parameter-version');
      });
    }
  });
}

describe('aws-ssm: an answer that must not be taken', () => {
  let proxy: AwsProxy;

  beforeAll(async () => {
    proxy = await AwsProxy.start();
  });
  afterAll(() => proxy.stop());

  const open = () => openAwsParameter(placeOf({ kind, place: '/oidc/keys' }, proxy.endpoint));
  const parameter = (Value: string, Version: unknown = 1) => ({
    Name: '/oidc/keys',
    Type: 'SecureString',
    Value,
    Version,
  });
  const answerWith = (body: object) => {
    proxy.fault = () => ({ status: 200, body });
  };

  it.each(['AQICAHhAAAA', 'kms:alias/aws/ssm:a', 'ENCRYPTED:YQ=='])(
    'a value that came encrypted: %s',
    async (value) => {
      answerWith({ Parameter: parameter(value) });
      const error = await rejectionOf((await open()).read(never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ', isTransient: false });
      expect(error.message).toContain('came encrypted');
      expect(error.message).not.toContain(value);
    },
  );

  it.each([undefined, 0, 1.5])('the version %s', async (version) => {
    answerWith({ Parameter: { ...parameter('a', version), Version: version } });
    const error = await rejectionOf((await open()).read(never()));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ' });
  });

  it.each([
    ['from between', [1, 2, 4]],
    ['of what was read', [1, 2, 3]],
    ['altogether', []],
  ])('a history that lacks versions %s: it is asked again', async (_, versions) => {
    answerWith({ Parameters: versions.map((version) => parameter('a', version)) });
    const error = await rejectionOf((await open()).between!('1', '4', never()));
    expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ', isTransient: true });
  });

  it('a history that begins later is taken: AWS keeps a hundred versions', async () => {
    answerWith({ Parameters: [4, 3, 5].map((version) => parameter(`text ${version}`, version)) });
    const found = await (await open()).between!('1', '5', never());
    expect(found.map(({ content }) => content)).toEqual(['text 3', 'text 4']);
  });
});
