import { randomUUID } from 'node:crypto';

import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { rotate } from '../../../lib/core/key-set/rotate.js';
import { openAwsSecretsManager } from '../../../lib/stores/aws/aws-secrets-manager.driver.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import { runCommand } from '../../../lib/stores/run-command.js';
import type { SecretDriver, SecretPlace } from '../../../lib/stores/secret-driver.js';
import { openStored } from '../../../lib/stores/stored-key-set.js';
import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import { rejectionOf } from '../../support/errors.js';
import { figures, making, setOf } from '../../support/key-sets.js';
import { derOf } from '../../support/keys.js';
import { ecKey } from '../../support/lives.js';
import { AwsProxy, awsError } from '../../support/stores/aws/aws-proxy.js';
import {
  putSecret,
  secretsManagerAt,
  valueOfSecret,
} from '../../support/stores/aws/aws-secrets-manager.under-test.js';
import { placeOf } from '../../support/stores/aws/drivers.js';
import { environmentFor, everyEmulator, moto } from '../../support/stores/aws/emulators.js';
import type { RunningEmulator } from '../../support/stores/aws/emulators.js';
import { describeStore } from '../../support/stores/store-under-test.js';

const kind = 'aws-secrets-manager';
/** By the clock of the store, with which that of a command has to agree. */
const longAgo = { kid: 'a', iat: -500_000_000, nbf: -500_000_000 };
const never = () => new AbortController().signal;

for (const emulator of everyEmulator) {
  describeStore(
    { kind, against: emulator.name, isInstalled: emulator.isInstalled },
    'what is particular',
    () => {
      let aws: RunningEmulator;
      let proxy: AwsProxy;
      let client: SecretsManagerClient;
      let name: string;

      beforeAll(async () => {
        aws = await emulator.start();
        proxy = await AwsProxy.start(aws.endpoint);
        client = secretsManagerAt(aws.endpoint);
      }, 120_000);
      afterAll(async () => {
        client?.destroy();
        await proxy?.stop();
        await aws?.stop();
      });
      beforeEach(() => {
        name = `oidc/keys-${randomUUID()}`;
        proxy.fault = () => undefined;
        proxy.heard.length = 0;
      });

      const open = (more: Partial<SecretPlace> = {}): Promise<SecretDriver> =>
        openAwsSecretsManager(placeOf({ kind, place: name }, proxy.endpoint, more));
      const storeOf = (reference = `${kind}:${name}`): KeyStore => {
        const environment = environmentFor(proxy.endpoint);
        return keyStoreNamed(reference, { name: 'OIDC_KEY_STORE', setting: (each) => environment[each] });
      };
      const value = async () => (await valueOfSecret(client, name))?.SecretString;
      const labels = async () => {
        const { VersionIdsToStages: stages = {} } = await client.send(
          new DescribeSecretCommand({ SecretId: name }),
        );
        return Object.values(stages).flat().toSorted();
      };

      it('asks for AWSCURRENT by its name, and passes on when AWS answered', async () => {
        await putSecret(client, name, 'text');
        const secret = await (await open()).read(never());
        expect(secret).toMatchObject({ content: 'text' });
        expect(Math.abs(secret!.date! - Date.now() / 1000)).toBeLessThan(5);
        expect(proxy.heard).toEqual([
          { action: 'GetSecretValue', body: { SecretId: name, VersionStage: 'AWSCURRENT' } },
        ]);
      });

      it('a write leaves two versions with labels: what holds, and what held before', async () => {
        const driver = await open();
        expect(await driver.write('a', undefined, never())).toBe(true);
        expect(await labels()).toEqual(['AWSCURRENT']);
        const { version } = (await driver.read(never()))!;
        expect(await driver.write('b', version, never())).toBe(true);
        expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
        expect(await value()).toBe('b');
      });

      it('whoever loses leaves no label either', async () => {
        await putSecret(client, name, 'a');
        const driver = await open();
        const { version } = (await driver.read(never()))!;
        await putSecret(client, name, 'by hand');
        const before = await labels();
        expect(await driver.write('b', version, never())).toBe(false);
        expect(await labels()).toEqual(before);
        expect(await value()).toBe('by hand');
      });

      it('whoever loses in the last moment is told by the move itself', async () => {
        await putSecret(client, name, 'a');
        const driver = await open();
        const { version } = (await driver.read(never()))!;
        const other = await openAwsSecretsManager(placeOf({ kind, place: name }, aws.endpoint));
        let late: boolean | undefined;
        proxy.fault = async ({ action }) => {
          if (action === 'UpdateSecretVersionStage' && late === undefined) {
            late = await other.write('other', version, never());
          }
          return undefined;
        };
        expect([await driver.write('b', version, never()), late]).toEqual([false, true]);
        expect(await value()).toBe('other');
        expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
      });

      it('says since when its version is there, and which others have a label', async () => {
        await putSecret(client, name, 'a');
        expect(await storeOf().others!()).toEqual([]);
        await putSecret(client, name, 'b');
        await client.send(
          new PutSecretValueCommand({ SecretId: name, SecretString: 'p', VersionStages: ['AWSPENDING'] }),
        );
        const store = storeOf();
        const { text, since } = (await store.read())!;
        expect([text, Math.abs(since! - Date.now() / 1000) < 10]).toEqual(['b', true]);
        const others = await store.others!();
        expect(others.map((each) => [each.text, each.isPending])).toEqual([
          ['a', false],
          ['p', true],
        ]);
        for (const each of others) expect(Math.abs(each.since - Date.now() / 1000)).toBeLessThan(10);
        proxy.fault = ({ body }) =>
          body.VersionStage === 'AWSCURRENT' ? undefined : awsError('AccessDeniedException');
        expect(await store.others!()).toEqual([]);
      });

      it('a pending version of somebody else stays as it is', async () => {
        await putSecret(client, name, 'a');
        await client.send(
          new PutSecretValueCommand({ SecretId: name, SecretString: 'p', VersionStages: ['AWSPENDING'] }),
        );
        const driver = await open();
        const { version } = (await driver.read(never()))!;
        expect(await driver.write('b', version, never())).toBe(true);
        expect(await labels()).toContain('AWSPENDING');
        await driver.destroyBefore!((await driver.read(never()))!.version, never());
        expect(await labels()).toEqual(['AWSCURRENT', 'AWSPENDING']);
      });

      it('old versions lose their labels when they are to be destroyed, and none is said to be destroyed', async () => {
        const store = storeOf();
        await store.write('a', undefined);
        await store.write('b', (await store.read())!.version);
        const { version } = (await store.read())!;
        expect(await store.destroyBefore!(version)).toContain('AWS destroys no version');
        expect(await labels()).toEqual(['AWSCURRENT']);
        expect(await value()).toBe('b');
      });

      it('a secret without a value, as infrastructure code makes it, is read as nothing, and written by one of two', async () => {
        await client.send(new CreateSecretCommand({ Name: name }));
        const [one, other] = [storeOf(), storeOf()];
        expect((await one.read())?.text ?? '').toBe('');
        const found = [await one.read(), await other.read()];
        const written = await Promise.all([
          one.write('one', found[0]?.version),
          other.write('other', found[1]?.version),
        ]);
        expect(written.filter(Boolean)).toHaveLength(1);
        expect(await value()).toBe(written[0] ? 'one' : 'other');
        expect((await labels()).filter((label) => label.startsWith('oidc-key-'))).toEqual([]);
      });

      it('whoever comes late to a secret without a value does not write over the first', async () => {
        await client.send(new CreateSecretCommand({ Name: name }));
        const [one, other] = [await open(), await open()];
        const expected = (await one.read(never()))?.version;
        expect(await one.write('one', expected, never())).toBe(true);
        expect(await other.write('other', expected, never())).toBe(false);
        expect(await value()).toBe('one');
      });

      it('of eight who make a secret at once one does', async () => {
        const written = await Promise.all(
          Array.from({ length: 8 }, async (_, index) =>
            (await open()).write(`by ${index}`, undefined, never()),
          ),
        );
        expect(written.filter(Boolean)).toHaveLength(1);
        expect(await value()).toBe(`by ${written.indexOf(true)}`);
      });

      it('what is scheduled for deletion says how it comes back, whether it is read or made', async () => {
        await putSecret(client, name, 'a');
        await client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }));
        const driver = await open();
        for (const call of [driver.read(never()), driver.write('b', undefined, never())]) {
          const error = await rejectionOf(call);
          expect(error.message).toContain('`aws secretsmanager restore-secret` brings it back');
          expect(error.code).toMatch(/^KEY_STORE_NOT_/);
        }
      });

      it('what was deleted while it was being changed is not written', async () => {
        const driver = await open();
        expect(await driver.write('b', randomUUID(), never())).toBe(false);
      });

      it('reads a key that was put there as bytes', async () => {
        const key = derOf(ecKey(), 'pkcs8');
        await client.send(new CreateSecretCommand({ Name: name, SecretBinary: key }));
        expect((await (await open()).read(never()))!.content).toEqual(key);
        const store = storeOf();
        const read = (await store.read())!;
        expect(Buffer.from(read.text, 'base64')).toEqual(key);
        expect(await store.write('text', read.version)).toBe(true);
        expect(await value()).toBe('text');
      });

      it('leaves the other fields of a secret as they are', async () => {
        await putSecret(client, name, '{"password":"p","oidc":"old"}');
        const store = storeOf(`${kind}:${name}#oidc`);
        const read = (await store.read())!;
        expect(read.text).toBe('old');
        expect(await store.write('new', read.version)).toBe(true);
        expect(JSON.parse((await value())!)).toEqual({ password: 'p', oidc: 'new' });
      });

      it('is named by its ARN too, whole or without the end that AWS adds, and taken to the region in it', async () => {
        const { ARN } = await client.send(new CreateSecretCommand({ Name: name, SecretString: 'a' }));
        for (const place of [ARN!, ARN!.slice(0, -7)]) {
          const settings = { ...environmentFor(proxy.endpoint), AWS_REGION: 'us-east-1' };
          const driver = await open({
            place,
            setting: (each) => (settings as Record<string, string>)[each],
          });
          const { version, content } = (await driver.read(never()))!;
          expect(await driver.write(`${content as string}b`, version, never())).toBe(true);
        }
        expect(await value()).toBe('abb');
        const missing = await open({ place: ARN!.replace('keys', 'none') });
        expect(await missing.read(never())).toBeUndefined();
        const error = await rejectionOf(missing.write('c', undefined, never()));
        expect(error).toMatchObject({ code: 'KEY_STORE_NOT_WRITTEN' });
        expect(error.message).toContain('AWS makes no secret by its ARN');
      });

      it('refuses what AWS would refuse for its size before anything is sent', async () => {
        const store = storeOf();
        expect(await store.write('x'.repeat(65_536), undefined)).toBe(true);
        const { version } = (await store.read())!;
        proxy.heard.length = 0;
        const error = await rejectionOf(store.write('é'.repeat(32_769), version));
        expect(error).toMatchObject({ code: 'KEY_STORE_TOO_LARGE' });
        expect(proxy.heard).toEqual([]);
      });

      it('a client that was given is used as it is, and is not ended', async () => {
        const given = secretsManagerAt(proxy.endpoint);
        const stack = given.middlewareStack.identify();
        const driver = await open({ client: given });
        expect(await driver.write('a', undefined, never())).toBe(true);
        driver.close!();
        expect(given.middlewareStack.identify()).toEqual(stack);
        expect(await driver.read(never())).toMatchObject({ content: 'a' });
        given.destroy();
      });

      it('what was written counts as written although somebody else has written on top of it', async () => {
        await putSecret(client, name, 'a');
        const given = secretsManagerAt(proxy.endpoint);
        const driver = await open({ client: given });
        const { version } = (await driver.read(never()))!;
        let moves = 0;
        proxy.fault = async ({ action, body }) => {
          if (action !== 'UpdateSecretVersionStage' || body.VersionStage !== 'AWSCURRENT') return undefined;
          if (moves++ === 0) return 'lost';
          const other = await openAwsSecretsManager(placeOf({ kind, place: name }, aws.endpoint));
          await other.write('c', (await other.read(never()))!.version, never());
          return undefined;
        };
        expect(await driver.write('b', version, never())).toBe(true);
        expect([await value(), moves]).toEqual(['c', 2]);
        given.destroy();
      });

      it('what is told to stay keeps its label when older versions lose theirs', async () => {
        const store = storeOf();
        await store.write('a', undefined);
        const { version } = (await store.read())!;
        await store.write('b', version);
        await store.destroyBefore!(version);
        expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
      });

      it('a client that asks twice by itself makes no conflict of its own write', async () => {
        await putSecret(client, name, 'a');
        const given = secretsManagerAt(proxy.endpoint);
        const driver = await open({ client: given });
        const { version } = (await driver.read(never()))!;
        let isLost = false;
        proxy.fault = ({ action, body }) => {
          if (isLost || action !== 'UpdateSecretVersionStage' || body.VersionStage !== 'AWSCURRENT')
            return undefined;
          isLost = true;
          return 'lost';
        };
        expect(await driver.write('b', version, never())).toBe(true);
        expect(await value()).toBe('b');
        expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
        given.destroy();
      });

      /** A rotation, in which one request goes wrong. */
      const rotateOnce = async (store: KeyStore, made: string) =>
        runCommand(
          {
            store,
            decryption: { where: `${kind}:${name}`, passphrase: undefined },
            figures,
            make: async (alg) => making(made)(alg),
          },
          (set, context) => rotate(set, context),
        );
      const requests = [
        'PutSecretValue',
        'DescribeSecret',
        'UpdateSecretVersionStage 1',
        'UpdateSecretVersionStage 2',
      ];
      const isIt = (which: string) => {
        const [action, count = '1'] = which.split(' ');
        let seen = 0;
        return (heard: { action: string }) => heard.action === action && ++seen === Number(count);
      };

      it.each(
        requests.flatMap((which) => (['lost', 'reset'] as const).map((fault) => [fault, which] as const)),
      )(
        'an answer that is %s at %s makes no second key, and the next writer clears up',
        async (fault, which) => {
          await putSecret(client, name, setOf(longAgo).toText());
          const matches = isIt(which);
          proxy.fault = (heard) => (matches(heard) ? fault : undefined);
          const { outcome } = await rotateOnce(storeOf(), 'b').catch(() => rotateOnce(storeOf(), 'c'));
          expect(outcome.type).toBe('write');
          const set = await openStored((await value())!, { where: '', passphrase: undefined });
          expect(set!.keys).toHaveLength(2);
          const store = storeOf();
          const { version, text } = (await store.read())!;
          expect(await store.write(text, version)).toBe(true);
          expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
        },
      );

      it.each(requests)(
        'whoever is killed at %s leaves a whole secret, which the next one writes',
        async (which) => {
          await putSecret(client, name, 'a');
          const driver = await open();
          const { version } = (await driver.read(never()))!;
          const matches = isIt(which);
          const killed = new AbortController();
          proxy.fault = (heard) => {
            if (!matches(heard)) return undefined;
            killed.abort(new Error('killed'));
            return 'lost';
          };
          // Whatever comes of it: nobody is there to hear it.
          await driver.write('b', version, killed.signal).catch(() => undefined);
          proxy.fault = () => undefined;
          const store = storeOf();
          const read = (await store.read())!;
          expect(read.text).toMatch(/^[ab]$/);
          expect(await store.write('c', read.version)).toBe(true);
          expect(await value()).toBe('c');
          expect(await labels()).toEqual(['AWSCURRENT', 'AWSPREVIOUS']);
        },
      );

      it('a store that throttles once is asked again', async () => {
        await putSecret(client, name, 'a');
        let count = 0;
        proxy.fault = () =>
          count++ === 0 ? { status: 400, body: { __type: 'ThrottlingException' } } : undefined;
        expect(await storeOf().read()).toMatchObject({ text: 'a' });
        expect(proxy.takeActions()).toEqual(['GetSecretValue', 'GetSecretValue']);
      });

      if (emulator === moto) {
        it('the first version of a secret has AWSCURRENT at once, so that nothing is moved', async () => {
          await client.send(new CreateSecretCommand({ Name: name }));
          expect(await (await open()).write('a', undefined, never())).toBe(true);
          const moved = proxy.heard.filter(({ action }) => action === 'UpdateSecretVersionStage');
          expect(moved.map(({ body }) => body.MoveToVersionId)).toEqual([undefined]);
        });
      }
    },
  );
}
