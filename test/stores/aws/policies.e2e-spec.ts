import { randomUUID } from 'node:crypto';

import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { keyStoreNamed } from '../../../lib/stores/store-reference.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import { rejectionOf } from '../../support/errors.js';
import { pageAt } from '../../support/pages.js';
import { secretsManagerAt } from '../../support/stores/aws/aws-secrets-manager.under-test.js';
import { systemsManagerAt } from '../../support/stores/aws/aws-ssm.under-test.js';
import { environmentFor, ministack } from '../../support/stores/aws/emulators.js';
import type { RunningEmulator } from '../../support/stores/aws/emulators.js';
import { userWith } from '../../support/stores/aws/iam.js';
import type { AccessKey } from '../../support/stores/aws/iam.js';
import { describeStore } from '../../support/stores/store-under-test.js';

/** The policies of a section of the page, for a name of our own: of a server, and of whoever rotates. */
function policiesOf(title: string, name: string): object[] {
  const section = pageAt('docs/stores.md')
    .text.split(/^## /m)
    .find((each) => each.startsWith(title))!;
  return [...section.matchAll(/^```json\n(.*?)^```$/gms)].map(
    ([, json]) =>
      JSON.parse(json!.replaceAll('oidc/keys', name).replaceAll('123456789012', '000000000000')) as object,
  );
}

const stores = [
  { kind: 'aws-secrets-manager', title: 'AWS Secrets Manager', isEmptyFirst: true },
  { kind: 'aws-ssm', title: 'AWS Systems Manager Parameter Store', isEmptyFirst: false },
] as const;

for (const { kind, title, isEmptyFirst } of stores) {
  const row = { kind, against: ministack.name, isInstalled: ministack.isInstalled };
  describeStore(row, 'the policies of the documentation', () => {
    let aws: RunningEmulator;
    let server: AccessKey;
    let rotator: AccessKey;
    const name = `oidc/keys-${randomUUID()}`;
    const place = kind === 'aws-ssm' ? `/${name}` : name;

    beforeAll(async () => {
      aws = await ministack.start({ AUTH: 'true' });
      const [ofServer, ofRotator, ...others] = policiesOf(title, name);
      expect(others).toEqual([]);
      server = await userWith(aws.endpoint, ofServer!);
      rotator = await userWith(aws.endpoint, ofRotator!);
      // As infrastructure code does.
      const secrets = secretsManagerAt(aws.endpoint);
      if (isEmptyFirst) await secrets.send(new CreateSecretCommand({ Name: name }));
      await secrets.send(new CreateSecretCommand({ Name: `${name}-of-others`, SecretString: 'other' }));
      const parameters = systemsManagerAt(aws.endpoint);
      const other = { Name: `/${name}-of-others`, Value: 'other', Type: 'SecureString' } as const;
      await parameters.send(new PutParameterCommand(other));
      secrets.destroy();
      parameters.destroy();
    }, 120_000);
    afterAll(() => aws?.stop());

    const storeFor = (key: AccessKey, where = place): KeyStore => {
      const environment = environmentFor(aws.endpoint, key);
      return keyStoreNamed(`${kind}:${where}`, {
        name: 'OIDC_KEY_STORE',
        setting: (each) => environment[each],
      });
    };

    it('let whoever rotates make the first key set and change it, and find what others wrote', async () => {
      const store = storeFor(rotator);
      expect(await store.write('a', (await store.read())?.version)).toBe(true);
      const { version } = (await store.read())!;
      expect(await store.write('b', version)).toBe(true);
      expect(await store.write('c', (await store.read())!.version)).toBe(true);
      const last = (await store.read())!;
      if (store.between) {
        expect((await store.between(version, last.version)).map(({ text }) => text)).toEqual(['b']);
      }
      expect(await store.destroyBefore!(last.version)).toContain('AWS');
    });

    it('let a server read all of it, and change nothing', async () => {
      const store = storeFor(server);
      const { text, version } = (await store.read())!;
      expect(text).toBe('c');
      if (store.between) expect(await store.between('1', version)).toHaveLength(1);
      const error = await rejectionOf(store.write('by the server', version));
      expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
      expect(error.message).toMatch(/secretsmanager:PutSecretValue|ssm:PutParameter/);
      expect(await store.read()).toMatchObject({ text: 'c' });
    });

    it('have nothing that whoever rotates can do without', async () => {
      const policy = policiesOf(title, name)[1] as { Statement: { Action: string[] }[] };
      const actions = policy.Statement[0]!.Action;
      for (const missing of actions) {
        const left = actions.filter((action) => action !== missing);
        const Statement = [{ ...policy.Statement[0], Action: left }];
        const store = storeFor(await userWith(aws.endpoint, { ...policy, Statement }));
        const all = async () => {
          const { version } = (await store.read())!;
          await store.write('d', version);
          await store.between?.('1', version);
        };
        const error = await rejectionOf(all());
        expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
        expect(error.message).toContain(missing);
      }
    });

    it('open no other secret', async () => {
      for (const key of [server, rotator]) {
        const store = storeFor(key, `${place}-of-others`);
        expect(await rejectionOf(store.read())).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
        expect(await rejectionOf(store.write('x', undefined))).toMatchObject({
          code: 'KEY_STORE_FORBIDDEN',
        });
      }
    });

    it('credentials that AWS does not know, or that sign wrongly, are told from a policy', async () => {
      for (const key of [
        { ...server, secretAccessKey: 'wrong' },
        { ...server, accessKeyId: 'AKIANOBODY' },
      ]) {
        const error = await rejectionOf(storeFor(key).read());
        expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED' });
        expect(error.message).not.toContain(key.accessKeyId);
      }
    });
  });
}
