import { randomUUID, verify } from 'node:crypto';

import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import type { CreateKeyRequest } from '@aws-sdk/client-kms';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KeyStoreErrorCode } from '../../../lib/stores/key-store.js';
import type { HeldKey, KmsDriver } from '../../../lib/stores/kms-driver.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { makePair } from '../../../lib/stores/make-key.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { keyManagementAt } from '../../support/kms/aws-kms.under-test.js';
import { AwsProxy, awsError, vendorMessage } from '../../support/stores/aws/aws-proxy.js';
import type { Fault } from '../../support/stores/aws/aws-proxy.js';
import { environmentFor, localKms, ministack } from '../../support/stores/aws/emulators.js';
import type { RunningEmulator } from '../../support/stores/aws/emulators.js';
import { userWith } from '../../support/stores/aws/iam.js';
import type { AccessKey } from '../../support/stores/aws/iam.js';
import { describeStore } from '../../support/stores/store-under-test.js';

const never = () => new AbortController().signal;
const data = Buffer.from('header.payload');

interface Opening {
  readonly credentials?: AccessKey;
  readonly client?: unknown;
  readonly settings?: Readonly<Record<string, string>>;
}

/** The driver of a reference, as configuration opens it. */
async function openAt(
  endpoint: string,
  reference: string,
  { credentials, client, settings }: Opening = {},
): Promise<KmsDriver> {
  const environment = { ...environmentFor(endpoint, credentials), ...settings };
  return openKms(reference, {
    name: 'The reference',
    setting: (name) => (environment as Record<string, string>)[name],
    client,
  });
}

const signing = (driver: KmsDriver, alg: SigningAlgorithm, input = data) =>
  driver.sign(input, algorithmNamed(alg)!, never());
const wishFor = (alg: SigningAlgorithm, bits = 2048) => ({ alg, algorithm: algorithmNamed(alg)!, bits });

for (const emulator of [ministack, localKms]) {
  const row = { kind: 'aws-kms', against: emulator.name, isInstalled: emulator.isInstalled };
  describeStore(row, 'what is particular', () => {
    let aws: RunningEmulator;
    let proxy: AwsProxy;
    let client: KMSClient;

    beforeAll(async () => {
      aws = await emulator.start();
      proxy = await AwsProxy.start(aws.endpoint);
      client = keyManagementAt(aws.endpoint);
    }, 120_000);
    afterAll(async () => {
      client?.destroy();
      await proxy?.stop();
      await aws?.stop();
    });
    beforeEach(() => {
      proxy.fault = () => undefined;
      proxy.heard.length = 0;
    });

    const open = (reference: string, opening?: Opening) => openAt(proxy.endpoint, reference, opening);
    /** The ARN of a key that somebody else has made. */
    const madeKey = async (
      request: CreateKeyRequest = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' },
    ) => (await client.send(new CreateKeyCommand(request))).KeyMetadata!.Arn!;
    const aliasOf = async (arn: string) => {
      const name = `alias/oidc/${randomUUID()}`;
      await client.send(new CreateAliasCommand({ AliasName: name, TargetKeyId: arn }));
      return name;
    };
    const verifies = ({ publicKey }: HeldKey, signature: Buffer) =>
      verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);

    it('a key has one reference by its identifier or its ARN, and signs by both', async () => {
      const arn = await madeKey();
      for (const name of [arn, arn.slice(arn.lastIndexOf('/') + 1)]) {
        const driver = await open(`aws-kms:${name}`);
        const [key] = await driver.publicKeys(never());
        expect(key!.reference).toBe(`aws-kms:${name}`);
        expect(Math.abs(key!.since! - Date.now() / 1000)).toBeLessThan(60);
        expect(verifies(key!, await signing(driver, 'ES256'))).toBe(true);
      }
    });

    it('AWS gets a digest, and of the key nothing but its name', async () => {
      const arn = await madeKey();
      const driver = await open(`aws-kms:${arn}`);
      await signing(driver, 'ES256', Buffer.alloc(5_000, 'a'));
      expect(proxy.heard).toEqual([
        {
          action: 'Sign',
          body: {
            KeyId: arn,
            Message: expect.stringMatching(/^.{44}$/),
            MessageType: 'DIGEST',
            SigningAlgorithm: 'ECDSA_SHA_256',
          },
        },
      ]);
    });

    it('an alias gives the ARN of its key, and signs with that key alone, however it is moved', async () => {
      const [first, second] = [await madeKey(), await madeKey()];
      const name = await aliasOf(first);
      const reference = `aws-kms:${name}`;
      const [asked, signed] = [await open(reference), await open(reference)];
      const [key, ...others] = await asked.publicKeys(never());
      expect([key!.reference, others]).toEqual([`aws-kms:${first}`, []]);
      for (const driver of [asked, signed]) expect(verifies(key!, await signing(driver, 'ES256'))).toBe(true);
      const byArn = await open(`aws-kms:${first.replace(/key\/.*$/, name)}`);
      expect((await byArn.publicKeys(never()))[0]!.reference).toBe(`aws-kms:${first}`);

      await client.send(new UpdateAliasCommand({ AliasName: name, TargetKeyId: second }));
      for (const driver of [asked, signed]) {
        const error = await rejectionOf(signing(driver, 'ES256'));
        expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE', isTransient: false });
        expect(error.message).toContain(
          `${reference} named ${first} when it was asked first, and names ${second} now`,
        );
      }
      expect(await rejectionOf(asked.publicKeys(never()))).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE' });
      const [later] = await (await open(reference)).publicKeys(never());
      expect(later!.reference).toBe(`aws-kms:${second}`);
    });

    it('by an alias it disables the key of that alias', async () => {
      const arn = await madeKey();
      const driver = await open(`aws-kms:${await aliasOf(arn)}`);
      const said = await driver.disable(never());
      expect(said).toContain(`aws kms schedule-key-deletion --key-id ${arn}`);
      const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: arn }));
      expect(KeyMetadata!.KeyState).toBe('Disabled');
    });

    it.each([
      ['a key', () => `aws-kms:${randomUUID()}`],
      ['an alias', () => `aws-kms:alias/${randomUUID()}`],
    ])('%s that is not there is said', async (_, reference) => {
      const named = reference();
      const driver = await open(named);
      expect(await driver.publicKeys(never())).toEqual([]);
      for (const ask of [() => signing(driver, 'RS256'), () => driver.disable(never())]) {
        const error = await rejectionOf(ask());
        expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE', isTransient: false });
        expect(error.message).toContain(`${named} is not there`);
      }
    });

    it.each([
      ['disabled', 'aws kms enable-key', (KeyId: string) => client.send(new DisableKeyCommand({ KeyId }))],
      [
        'scheduled for deletion',
        'aws kms cancel-key-deletion',
        (KeyId: string) => client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 })),
      ],
    ] as const)(
      'a key that is %s does not sign, and what brings it back is said',
      async (state, way, change) => {
        const arn = await madeKey();
        await change(arn);
        const driver = await open(`aws-kms:${arn}`);
        expect(await rejectionOf(signing(driver, 'ES256'))).toMatchObject({
          code: 'KEY_STORE_KEY_UNUSABLE',
          isTransient: false,
          message: expect.stringContaining(state),
        });
        // Not every emulator gives a public key of such a one, nor does AWS.
        const found = await driver.publicKeys(never()).catch((error: unknown) => error as KeyStoreError);
        const refusal = found instanceof KeyStoreError ? found.message : found[0]!.refusal;
        expect(refusal).toContain(`is ${state}.`);
        expect(refusal).toContain(way);
        if (found instanceof KeyStoreError) expect(found).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE' });
        if (state === 'disabled') {
          await client.send(new EnableKeyCommand({ KeyId: arn }));
          const [key] = await driver.publicKeys(never());
          expect(key!.refusal).toBeUndefined();
          expect(verifies(key!, await signing(driver, 'ES256'))).toBe(true);
        }
      },
    );

    it('a key that is scheduled for deletion signs nothing as it is, whoever wants to disable it', async () => {
      const arn = await madeKey();
      await client.send(new ScheduleKeyDeletionCommand({ KeyId: arn, PendingWindowInDays: 7 }));
      const driver = await open(`aws-kms:${arn}`);
      // An emulator that disables such a key says so.
      expect(await driver.disable(never())).toMatch(/^AWS signs nothing with aws-kms:arn:/);
    });

    it.each([
      ['for decrypting', { KeySpec: 'RSA_2048', KeyUsage: 'ENCRYPT_DECRYPT' }, 'is for ENCRYPT_DECRYPT'],
      [
        'on another curve',
        { KeySpec: 'ECC_SECG_P256K1', KeyUsage: 'SIGN_VERIFY' },
        'is of the type ECC_SECG_P256K1',
      ],
    ] as const)('a key %s would not sign, and is given with the reason', async (_, request, reason) => {
      const driver = await open(`aws-kms:${await madeKey(request)}`);
      const [key] = await driver.publicKeys(never());
      expect(key!.refusal).toContain(reason);
      if (request.KeyUsage === 'ENCRYPT_DECRYPT') {
        expect(await rejectionOf(signing(driver, 'RS256'))).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE' });
      }
    });

    it('a key that has no public half is said to be for something else', async () => {
      const arn = await madeKey({ KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT' });
      const error = await rejectionOf((await open(`aws-kms:${arn}`)).publicKeys(never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE', isTransient: false });
      expect(error.message).toContain('is for ENCRYPT_DECRYPT, and AWS never changes');
    });

    it('an algorithm that is none of the key is refused', async () => {
      const driver = await open(`aws-kms:${await madeKey()}`);
      for (const alg of ['RS256', 'ES384'] as const) {
        expect(await rejectionOf(signing(driver, alg))).toMatchObject({
          code: 'KEY_STORE_KEY_UNUSABLE',
          isTransient: false,
          message: expect.stringContaining('of another type'),
        });
      }
    });

    it('a key is made in the account that the target names, and nowhere else', async () => {
      const [, account] = /:(\d+):key/.exec(await madeKey())!;
      const target = (number: string) => `aws-kms:arn:aws:kms:eu-west-1:${number}:key/`;
      const key = await (await open(target(account!))).create(wishFor('ES256'), never());
      expect(key.reference.startsWith(target(account!))).toBe(true);
      const error = await rejectionOf((await open(target('999999999999'))).create(wishFor('ES256'), never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE' });
      expect(error.message).toMatch(/in another account .* A key was made, and is not in use: aws-kms:arn:/);
    });

    it('a key that no other host of AWS knows yet is asked for again', async () => {
      let count = 0;
      proxy.fault = ({ action }) =>
        action === 'GetPublicKey' && ++count < 3 ? awsError('NotFoundException') : undefined;
      const key = await (await open('aws-kms:')).create(wishFor('ES256'), never());
      expect(count).toBe(3);
      expect(verifies(key, await signing(await open(key.reference), 'ES256'))).toBe(true);
    });

    it('what stops a key from being made ready names it, and is not tried again', async () => {
      proxy.fault = ({ action }) => (action === 'GetPublicKey' ? awsError('ThrottlingException') : undefined);
      const error = await rejectionOf((await open('aws-kms:')).create(wishFor('ES256'), never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_THROTTLED', isTransient: false });
      expect(error.message).toMatch(/A key was made, and is not in use: aws-kms:arn:[^ ]+\. Schedule/);
    });

    it('a client that was given is used as it is, and is not ended', async () => {
      const given = keyManagementAt(proxy.endpoint);
      const stack = given.middlewareStack.identify();
      const driver = await openAt('', `aws-kms:${await madeKey()}`, { client: given, settings: {} });
      await signing(driver, 'ES256');
      driver.close!();
      expect(given.middlewareStack.identify()).toEqual(stack);
      await signing(driver, 'ES256');
      given.destroy();
    });

    if (emulator === ministack) {
      it('with Ed25519 it signs 4,096 bytes, and sends no more', async () => {
        const driver = await open(
          `aws-kms:${await madeKey({ KeySpec: 'ECC_NIST_EDWARDS25519', KeyUsage: 'SIGN_VERIFY' })}`,
        );
        const [key] = await driver.publicKeys(never());
        const most = Buffer.alloc(4_096, 'a');
        expect(verify(null, most, key!.publicKey, await signing(driver, 'EdDSA', most))).toBe(true);
        proxy.heard.length = 0;
        const error = await rejectionOf(signing(driver, 'EdDSA', Buffer.alloc(4_097, 'a')));
        expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE', isTransient: false });
        expect(error.message).toContain(
          'at most 4096 bytes with EdDSA, and this token has 4097. Choose ES256',
        );
        expect(proxy.heard).toEqual([]);
      });

      it.each(['RS384', 'ES384', 'ES512', 'EdDSA'] as const)(
        'takes a key of %s over, under a key that only AWS can open',
        async (alg) => {
          const { privateKey, publicKey } = await makePair(algorithmNamed(alg)!, 3072);
          const driver = await open('aws-kms:');
          const key = await driver.take!(privateKey, wishFor(alg, 3072), never());
          expect(key.publicKey.equals(publicKey)).toBe(true);
          expect(key.refusal).toBeUndefined();
          const [found] = await (await open(key.reference)).publicKeys(never());
          expect([found!.refusal, found!.warning]).toEqual([undefined, undefined]);
          const heard = JSON.stringify(proxy.heard);
          const der = privateKey.export({ type: 'pkcs8', format: 'der' });
          expect(heard).not.toContain(der.subarray(-24).toString('base64').slice(4, 28));
          expect(heard).toContain('KEY_MATERIAL_DOES_NOT_EXPIRE');
        },
      );

      it('what AWS does not take leaves a key without material, which is named', async () => {
        const { privateKey } = await makePair(algorithmNamed('ES256')!, 2048);
        proxy.fault = ({ action }) =>
          action === 'ImportKeyMaterial' ? awsError('IncorrectKeyMaterialException') : undefined;
        const driver = await open('aws-kms:');
        const error = await rejectionOf(driver.take!(privateKey, wishFor('ES256'), never()));
        expect(error).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE' });
        const [, left] = /is not in use: (aws-kms:arn:[^ ]+)\. Schedule/.exec(error.message)!;
        const later = await rejectionOf((await open(left!)).publicKeys(never()));
        expect(later).toMatchObject({ code: 'KEY_STORE_KEY_UNUSABLE' });
        expect(later.message).toContain('has no key material');
      });
    }
  });
}

describeStore(
  { kind: 'aws-kms', against: ministack.name, isInstalled: ministack.isInstalled },
  'what a policy allows',
  () => {
    let aws: RunningEmulator;
    let arn: string;

    beforeAll(async () => {
      aws = await ministack.start({ AUTH: 'true' });
      const client = keyManagementAt(aws.endpoint);
      const request = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' } as const;
      arn = (await client.send(new CreateKeyCommand(request))).KeyMetadata!.Arn!;
      client.destroy();
    }, 120_000);
    afterAll(() => aws?.stop());

    const policy = (actions: readonly string[], Resource: string) => ({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: actions.map((action) => `kms:${action}`), Resource }],
    });
    const openAs = async (actions: readonly string[], reference = `aws-kms:${arn}`, resource = arn) =>
      openAt(aws.endpoint, reference, {
        credentials: await userWith(aws.endpoint, policy(actions, resource)),
      });
    const work = async (driver: KmsDriver) => {
      await driver.publicKeys(never());
      await signing(driver, 'ES256');
    };
    const ofServer = ['Sign', 'GetPublicKey', 'DescribeKey'];

    it('a server needs three rights, and each that is missing is named', async () => {
      await work(await openAs(ofServer));
      for (const missing of ofServer) {
        const driver = await openAs(ofServer.filter((action) => action !== missing));
        const error = await rejectionOf(work(driver));
        expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN', isTransient: false });
        expect(error.message).toContain(`kms:${missing} `);
      }
    });

    it('a policy may be for every key of an account and region, which rotation makes new ones in', async () => {
      await work(await openAs(ofServer, `aws-kms:${arn}`, arn.replace(/key\/.*$/, 'key/*')));
    });

    it('a server makes no key, disables none, and signs with no other', async () => {
      const driver = await openAs(ofServer);
      expect((await rejectionOf(driver.disable(never()))).message).toContain('kms:DisableKey');
      const target = await openAs(ofServer, 'aws-kms:');
      expect((await rejectionOf(target.create(wishFor('ES256'), never()))).message).toContain(
        'kms:CreateKey',
      );
      const other = await openAs(ofServer, `aws-kms:${arn}`, arn.replace(/.{4}$/, '0000'));
      expect(await rejectionOf(signing(other, 'ES256'))).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
    });

    it.each([
      [
        'makes a key',
        ['CreateKey', 'GetPublicKey'],
        async (driver: KmsDriver) => driver.create(wishFor('ES256'), never()),
      ],
      [
        'takes one over',
        ['CreateKey', 'GetParametersForImport', 'ImportKeyMaterial', 'GetPublicKey'],
        async (driver: KmsDriver) =>
          driver.take!(
            (await makePair(algorithmNamed('ES256')!, 2048)).privateKey,
            wishFor('ES256'),
            never(),
          ),
      ],
    ] as const)('whoever %s needs these rights, and no other', async (_, actions, act) => {
      await act(await openAs(actions, 'aws-kms:', '*'));
      for (const missing of actions) {
        const left = actions.filter((action) => action !== missing);
        const error = await rejectionOf(act(await openAs(left, 'aws-kms:', '*')));
        expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
        expect(error.message).toContain(`kms:${missing} `);
      }
    });

    it('credentials that AWS does not know, or that sign wrongly, are told from a policy', async () => {
      for (const credentials of [
        { accessKeyId: 'AKIANOBODY', secretAccessKey: 'test' },
        { ...(await userWith(aws.endpoint, policy(ofServer, arn))), secretAccessKey: 'wrong' },
      ]) {
        const error = await rejectionOf(
          signing(await openAt(aws.endpoint, `aws-kms:${arn}`, { credentials }), 'ES256'),
        );
        expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', isTransient: false });
        expect(error.message).not.toContain(credentials.accessKeyId);
      }
    });
  },
);

describe('aws-kms: an answer that is none', () => {
  const arn = `arn:aws:kms:eu-west-1:123456789012:key/${randomUUID()}`;
  const other = `arn:aws:kms:eu-west-1:123456789012:key/${randomUUID()}`;
  const { publicKey } = makeKeyPair('ec', { namedCurve: 'P-256' });
  const PublicKey = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const metadata = {
    KeyId: arn,
    Arn: arn,
    KeyUsage: 'SIGN_VERIFY',
    KeySpec: 'ECC_NIST_P256',
    KeyState: 'Enabled',
  };
  let proxy: AwsProxy;

  beforeAll(async () => {
    proxy = await AwsProxy.start();
  });
  afterAll(() => proxy.stop());
  beforeEach(() => {
    proxy.heard.length = 0;
  });
  const open = (reference = `aws-kms:${arn}`, opening?: Opening) =>
    openAt(proxy.endpoint, reference, opening);
  const answerWith = (answers: Readonly<Record<string, object>>) => {
    proxy.fault = ({ action }) => ({ status: 200, body: answers[action] ?? {} });
  };
  const signature = {
    KeyId: arn,
    SigningAlgorithm: 'ECDSA_SHA_256',
    Signature: Buffer.from('3006020101020102', 'hex').toString('base64'),
  };

  const rows: readonly {
    readonly name: string;
    readonly fault: Fault;
    readonly code: KeyStoreErrorCode;
    readonly isTransient?: true;
    readonly retryAfter?: number;
    readonly says: string;
  }[] = [
    ...[
      [
        'AccessDeniedException',
        'KEY_STORE_FORBIDDEN',
        'kms:Sign (AccessDeniedException). Allow it in its policy',
      ],
      ['DisabledException', 'KEY_STORE_KEY_UNUSABLE', 'is disabled'],
      ['KMSInvalidStateException', 'KEY_STORE_KEY_UNUSABLE', 'in a state in which'],
      ['InvalidKeyUsageException', 'KEY_STORE_KEY_UNUSABLE', 'of another type'],
      ['NotFoundException', 'KEY_STORE_KEY_UNUSABLE', 'is not there'],
      ['ValidationException', 'KEY_STORE_KEY_UNUSABLE', 'AWS refuses kms:Sign'],
      ['SomethingThatNobodyKnows', 'KEY_STORE_KEY_UNUSABLE', 'AWS refuses kms:Sign'],
      ['ExpiredTokenException', 'KEY_STORE_UNAUTHENTICATED', 'have expired'],
      ['UnrecognizedClientException', 'KEY_STORE_UNAUTHENTICATED', 'does not know these credentials'],
    ].map(([name, code, says]) => ({
      name: name!,
      fault: awsError(name!),
      code: code as KeyStoreErrorCode,
      says: says!,
    })),
    ...['KeyUnavailableException', 'KMSInternalException', 'DependencyTimeoutException'].map((name) => ({
      name,
      fault: awsError(name, 500),
      code: 'KEY_STORE_UNREACHABLE' as const,
      isTransient: true as const,
      says: `a failure of its own (${name})`,
    })),
    {
      name: 'ThrottlingException with Retry-After',
      fault: awsError('ThrottlingException', 400, { 'retry-after': '7' }),
      code: 'KEY_STORE_THROTTLED',
      isTransient: true,
      retryAfter: 7,
      says: 'asked too often',
    },
    {
      name: 'status 503 with nothing',
      fault: { status: 503 },
      code: 'KEY_STORE_UNREACHABLE',
      isTransient: true,
      says: 'status 503',
    },
    {
      name: 'a connection that breaks',
      fault: 'reset',
      code: 'KEY_STORE_UNREACHABLE',
      isTransient: true,
      says: '(ECONNRESET)',
    },
    {
      name: 'an answer that does not end',
      fault: 'endless',
      code: 'KEY_STORE_UNREACHABLE',
      says: 'more than AWS ever does',
    },
  ];

  it.each(rows)('$name', async ({ fault, code, isTransient = false, retryAfter, says }) => {
    proxy.fault = () => fault;
    const error = await rejectionOf(signing(await open(), 'ES256'));
    expect(error).toBeInstanceOf(KeyStoreError);
    expect(error).toMatchObject({ code, isTransient, retryAfter });
    expect(error.message).toContain(says);
    expect(error.message).toContain(`aws-kms:${arn}`);
    expect(error.message).not.toContain('secret');
    expect(everythingPrintedOf(error)).not.toContain(vendorMessage);
    // Whether to ask again is for what stands above to say.
    expect(proxy.takeActions()).toEqual(['Sign']);
  });

  it.each([
    ['of another key', { ...signature, KeyId: other }],
    [
      'of such a key in another account',
      { ...signature, KeyId: arn.replace('123456789012', '999999999999') },
    ],
    ['of no key', { ...signature, KeyId: undefined }],
    ['by another algorithm', { ...signature, SigningAlgorithm: 'RSASSA_PSS_SHA_256' }],
    ['that is none', { ...signature, Signature: Buffer.from('none').toString('base64') }],
    ['that is not there', { ...signature, Signature: undefined }],
  ])('a signature %s is not taken', async (_, answer) => {
    answerWith({ Sign: signature });
    expect(await signing(await open(), 'ES256')).toHaveLength(64);
    answerWith({ Sign: answer });
    expect(await rejectionOf(signing(await open(), 'ES256'))).toMatchObject({
      code: 'KEY_STORE_NOT_READ',
      isTransient: false,
      message: expect.stringContaining('than was asked for'),
    });
  });

  it.each([
    ['a description of another', arn, other, other],
    ['a description of nothing', arn, undefined, arn],
    ['a public key of another', arn, arn, other],
    ['a description of an alias without the ARN of a key', 'alias/a', 'alias/a', 'alias/a'],
  ])('%s is not taken for the key', async (_, place, described, given) => {
    const answers = (Arn: string | undefined, KeyId: string) => ({
      DescribeKey: { KeyMetadata: Arn && { ...metadata, Arn } },
      GetPublicKey: { KeyId, PublicKey },
    });
    answerWith(answers(arn, arn));
    expect(await (await open(`aws-kms:${place}`)).publicKeys(never())).toHaveLength(1);
    answerWith(answers(described, given));
    expect(await rejectionOf((await open(`aws-kms:${place}`)).publicKeys(never()))).toMatchObject({
      code: 'KEY_STORE_NOT_READ',
    });
  });

  it.each([
    [{ KeyState: 'PendingImport' }, 'has no key material'],
    [{ KeyState: 'PendingReplicaDeletion' }, 'is scheduled for deletion'],
    [{ KeyState: 'Unavailable' }, 'is in a custom key store that is not connected'],
    [{ KeyState: 'Updating' }, 'is in the state Updating'],
    [{ KeySpec: 'ML_DSA_44' }, 'is of the type ML_DSA_44'],
    [{ KeyUsage: 'KEY_AGREEMENT' }, 'is for KEY_AGREEMENT'],
  ])('what %j means is said', async (change, says) => {
    answerWith({
      DescribeKey: { KeyMetadata: { ...metadata, ...change } },
      GetPublicKey: { KeyId: arn, PublicKey },
    });
    const [key] = await (await open()).publicKeys(never());
    expect(key!.refusal).toContain(says);
  });

  it('an import with an end is warned of', async () => {
    const ValidTo = 1_800_000_000;
    answerWith({
      DescribeKey: { KeyMetadata: { ...metadata, ExpirationModel: 'KEY_MATERIAL_EXPIRES', ValidTo } },
      GetPublicKey: { KeyId: arn, PublicKey },
    });
    const [key] = await (await open()).publicKeys(never());
    expect(key!.refusal).toBeUndefined();
    expect(key!.warning).toContain('loses its key material at 2027-01-15T08:00:00.000Z');
  });

  it('a state that does not let itself be disabled is said', async () => {
    const refusing = (state: string) => {
      proxy.fault = ({ action }) =>
        action === 'DisableKey'
          ? awsError('KMSInvalidStateException')
          : { status: 200, body: { KeyMetadata: { ...metadata, KeyState: state } } };
    };
    refusing('PendingDeletion');
    expect(await (await open()).disable(never())).toContain('it is scheduled for deletion');
    refusing('Enabled');
    expect(await rejectionOf((await open()).disable(never()))).toMatchObject({
      code: 'KEY_STORE_KEY_UNUSABLE',
    });
  });

  it('nobody waits longer than they said, and nothing is asked for them later', async () => {
    proxy.fault = () => 'hang';
    const driver = await open();
    const given = new AbortController();
    const reason = new Error('given up');
    const signed = rejectionOf(driver.sign(data, algorithmNamed('ES256')!, given.signal));
    while (proxy.heard.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    given.abort(reason);
    expect(await signed).toBe(reason);
    proxy.heard.length = 0;
    expect(await rejectionOf(driver.sign(data, algorithmNamed('ES256')!, given.signal))).toBe(reason);
    expect(proxy.heard).toEqual([]);
  });

  it('a wait for a key that was made ends with whoever waits', async () => {
    const given = new AbortController();
    const reason = new Error('given up');
    proxy.fault = ({ action }) => {
      if (action === 'CreateKey') return { status: 200, body: { KeyMetadata: metadata } };
      given.abort(reason);
      return awsError('NotFoundException');
    };
    const driver = await open('aws-kms:');
    expect(await rejectionOf(driver.create(wishFor('ES256'), given.signal))).toBe(reason);
    expect(proxy.takeActions()).toEqual(['CreateKey', 'GetPublicKey']);
  });

  it.each([
    ['signs with no key', 'aws-kms:', (driver: KmsDriver) => signing(driver, 'ES256'), 'names no key'],
    ['disables no key', 'aws-kms:', (driver: KmsDriver) => driver.disable(never()), 'names no key'],
    [
      'makes no key under a name',
      `aws-kms:${arn}`,
      (driver: KmsDriver) => driver.create(wishFor('ES256'), never()),
      'Say aws-kms: alone',
    ],
    [
      'makes no key of another size',
      'aws-kms:',
      (driver: KmsDriver) => driver.create(wishFor('RS256', 2560), never()),
      'no key of 2560 bits for RS256',
    ],
  ])('%s, and asks nothing for it', async (_, reference, act, says) => {
    const error = await rejectionOf(act(await open(reference)));
    expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED', message: expect.stringContaining(says) });
    expect(proxy.heard).toEqual([]);
  });

  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  it.each([
    ['no region', 'aws-kms:', { settings: { AWS_REGION: '' } }, 'needs the region'],
    ['a region that is none', 'aws-kms:?region=eu_west/1', {}, 'a query whose region is none'],
    ['two regions', `aws-kms:${arn}?region=us-east-1`, {}, 'in another region than its query names'],
    [
      'a client of another region than the query',
      'aws-kms:alias/a?region=us-east-1',
      { client: new KMSClient({ region: 'eu-west-1', credentials }) },
      'in another region than the client',
    ],
    [
      'a client of another region than the ARN',
      `aws-kms:${arn}`,
      { client: new KMSClient({ region: 'us-east-1', credentials }) },
      'in another region than the client',
    ],
    [
      'a client of something else',
      'aws-kms:',
      { client: new SSMClient({ region: 'eu-west-1', credentials }) },
      'no KMSClient of @aws-sdk/client-kms 3',
    ],
  ] as const)('%s is said before anything is asked', async (_, reference, opening, says) => {
    const error = await rejectionOf(open(reference, opening));
    expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED', message: expect.stringContaining(says) });
    expect(proxy.heard).toEqual([]);
  });

  it('an address for this service alone goes before that for all', async () => {
    answerWith({ Sign: signature });
    const settings = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_ENDPOINT_URL_KMS: proxy.endpoint };
    expect(await signing(await open(undefined, { settings }), 'ES256')).toHaveLength(64);
  });

  it('the region of the query goes before that of the settings', async () => {
    const regions: (string | undefined)[] = [];
    answerWith({ Sign: { ...signature, KeyId: arn } });
    const id = arn.slice(-36);
    for (const query of ['?region=us-east-2', '']) {
      const driver = await open(`aws-kms:${id}${query}`, { settings: { AWS_REGION: 'eu-west-1' } });
      await signing(driver, 'ES256');
      regions.push(proxy.region);
    }
    expect(regions).toEqual(['us-east-2', 'eu-west-1']);
  });
});

describe('aws-kms: how a key is named', () => {
  const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
  const multi = 'mrk-1234abcd12ab34cd56ef1234567890ab';
  const arn = 'arn:aws:kms:eu-west-1:123456789012:';
  const open = (reference: string) => openAt('http://127.0.0.1:9', reference);

  it.each([
    id,
    multi,
    'alias/oidc/keys_1',
    `${arn}key/${id}`,
    `${arn}key/${multi}`,
    `${arn}alias/oidc`,
    `arn:aws-us-gov:kms:eu-west-1:123456789012:key/${id}`,
    '',
    `${arn}key/`,
  ])('as aws-kms:%s', async (place) => {
    await expect(open(`aws-kms:${place}`)).resolves.toBeDefined();
  });

  it.each([
    'oidc',
    `key/${id}`,
    'alias/',
    'alias/a b',
    'ALIAS/a',
    `${id}1`,
    `${arn}${id}`,
    `arn:aws:s3:eu-west-1:123456789012:key/${id}`,
    `arn:aws:kms:eu-west-1:1:key/${id}`,
    `${id}\n`,
    `${id}#1`,
    `${id}?profile=a`,
  ])('not as aws-kms:%j', async (place) => {
    const error = await rejectionOf(open(`aws-kms:${place}`));
    expect(error.message).toContain('aws-kms:KEY');
    expect(error.message).not.toContain(id);
  });
});
