import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KeyStoreErrorCode } from '../../../lib/stores/key-store.js';
import { everythingPrintedOf, rejectionOf } from '../../support/errors.js';
import { freePort } from '../../support/ports.js';
import { AwsProxy, awsError, vendorMessage } from '../../support/stores/aws/aws-proxy.js';
import type { Fault } from '../../support/stores/aws/aws-proxy.js';
import { everyDriver, placeOf } from '../../support/stores/aws/drivers.js';

const secret = 'a-secret-that-nobody-prints';
const other = 'https://elsewhere.example/';

interface Row {
  readonly name: string;
  readonly fault: Fault;
  readonly code: KeyStoreErrorCode;
  readonly isTransient?: true;
  readonly retryAfter?: number;
  readonly says: string | RegExp;
}

const failure = (names: string[], row: Omit<Row, 'name' | 'fault'>): Row[] =>
  names.map((name) => ({ name, fault: awsError(name), ...row }));

const rows: readonly Row[] = [
  ...failure(['AccessDeniedException'], {
    code: 'KEY_STORE_FORBIDDEN',
    says: /AWS does not allow this role or user (?:secretsmanager:GetSecretValue|ssm:GetParameter) /,
  }),
  ...failure(['ExpiredToken', 'ExpiredTokenException'], {
    code: 'KEY_STORE_UNAUTHENTICATED',
    says: 'have expired',
  }),
  ...failure(
    ['UnrecognizedClientException', 'InvalidSignatureException', 'MissingAuthenticationTokenException'],
    { code: 'KEY_STORE_UNAUTHENTICATED', says: 'does not know these credentials' },
  ),
  ...failure(['RequestExpired'], { code: 'KEY_STORE_UNAUTHENTICATED', says: 'Set the clock' }),
  ...failure(['ThrottlingException', 'RequestLimitExceeded', 'TooManyUpdates'], {
    code: 'KEY_STORE_THROTTLED',
    isTransient: true,
    says: 'asked too often',
  }),
  {
    name: 'ThrottlingException with Retry-After',
    fault: awsError('ThrottlingException', 400, { 'retry-after': '7' }),
    code: 'KEY_STORE_THROTTLED',
    isTransient: true,
    retryAfter: 7,
    says: 'asked too often',
  },
  {
    name: 'status 429 of something in front',
    fault: { status: 429, headers: { 'retry-after': '3' }, body: '<html>' },
    code: 'KEY_STORE_THROTTLED',
    isTransient: true,
    retryAfter: 3,
    says: 'status 429',
  },
  {
    name: 'InternalServiceError',
    fault: awsError('InternalServiceError', 500),
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    says: 'a failure of its own (InternalServiceError)',
  },
  {
    name: 'status 503 with HTML',
    fault: { status: 503, headers: { 'content-type': 'text/html' }, body: '<html>not now</html>' },
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    says: 'status 503',
  },
  {
    name: 'status 503 with nothing',
    fault: { status: 503 },
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    says: 'status 503',
  },
  ...failure(['DecryptionFailure', 'InvalidKeyId'], {
    code: 'KEY_STORE_NOT_READ',
    says: 'cannot be decrypted with its KMS key',
  }),
  ...failure(['InvalidRequestException'], { code: 'KEY_STORE_NOT_READ', says: 'restore-secret' }),
  ...failure(['ValidationException', 'SomethingThatNobodyKnows'], {
    code: 'KEY_STORE_NOT_READ',
    says: 'AWS refuses',
  }),
  {
    name: 'a name that is none',
    fault: awsError('<script>alert(1)</script>'),
    code: 'KEY_STORE_UNREACHABLE',
    says: 'what is none of AWS',
  },
  {
    name: 'HTML with 200',
    fault: { status: 200, headers: { 'content-type': 'text/html' }, body: `<html>${secret}</html>` },
    code: 'KEY_STORE_UNREACHABLE',
    says: 'what is none of AWS. Check the endpoint that is configured (AWS_ENDPOINT_URL)',
  },
  {
    name: 'half a document with 200',
    fault: { status: 200, body: `{"Name":"oidc/keys","SecretString":"${secret}` },
    code: 'KEY_STORE_UNREACHABLE',
    says: 'what is none of AWS',
  },
  {
    name: 'an answer that does not end',
    fault: 'endless',
    code: 'KEY_STORE_UNREACHABLE',
    says: 'more than AWS ever does',
  },
  {
    name: 'a redirect to another host',
    fault: { status: 307, headers: { location: other } },
    code: 'KEY_STORE_UNREACHABLE',
    says: 'redirects, which is not followed',
  },
  {
    name: 'a connection that breaks',
    fault: 'reset',
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    says: /is not reached \(ECONNRESET\)/,
  },
  {
    name: 'a connection that breaks in the middle of the answer',
    fault: 'half',
    code: 'KEY_STORE_UNREACHABLE',
    isTransient: true,
    says: /is not reached \(ECONNRESET\)/,
  },
];

for (const driver of everyDriver) {
  describe(`${driver.kind}: what it cannot read it says`, () => {
    let aws: AwsProxy;
    let proxy: AwsProxy;

    beforeAll(async () => {
      aws = await AwsProxy.start();
      aws.fault = () => ({ status: 200, body: driver.answer(secret) });
      proxy = await AwsProxy.start(aws.endpoint);
    });
    afterAll(() => Promise.all([proxy.stop(), aws.stop()]));
    beforeEach(() => {
      proxy.fault = () => undefined;
      proxy.heard.length = 0;
    });

    const open = () => driver.open(placeOf(driver, proxy.endpoint));
    const never = () => new AbortController().signal;

    it.each(rows)('$name', async ({ fault, code, isTransient, retryAfter, says }) => {
      proxy.fault = () => fault;
      const error = await rejectionOf((await open()).read(never()));
      expect(error).toBeInstanceOf(KeyStoreError);
      expect(error).toMatchObject({ code, isTransient: isTransient ?? false, retryAfter });
      expect(error.message).toMatch(says);
      expect(error.message).toContain(`${driver.kind}:${driver.place}`);
      const printed = everythingPrintedOf(error);
      for (const hidden of [secret, vendorMessage, 'script', other]) expect(printed).not.toContain(hidden);
      // Whether to ask again is for what stands above to say.
      expect(proxy.takeActions()).toEqual([driver.readAction]);
    });

    it.each([
      ['another name', () => driver.answer(secret, `${driver.place}2`)],
      ['nothing', () => ({})],
    ])('a secret of %s', async (_, body) => {
      proxy.fault = () => ({ status: 200, body: body() });
      const error = await rejectionOf((await open()).read(never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ', isTransient: false });
      expect(error.message).toContain('than was asked for');
      expect(everythingPrintedOf(error)).not.toContain(secret);
    });

    it('by an ARN a secret of another one', async () => {
      const place = driver.arn('eu-west-1');
      const opened = await driver.open(placeOf(driver, proxy.endpoint, { place }));
      expect(await opened.read(never())).toMatchObject({ content: secret });
      proxy.fault = () => ({ status: 200, body: driver.answer(secret, `${driver.place}2`) });
      expect(await rejectionOf(opened.read(never()))).toMatchObject({ code: 'KEY_STORE_NOT_READ' });
    });

    it('by a part of an ARN one that begins alike', async () => {
      const place = driver.arn('eu-west-1').replace(/-AbCdEf$/, '');
      const opened = await driver.open(placeOf(driver, proxy.endpoint, { place }));
      expect(await opened.read(never())).toMatchObject({ content: secret });
      proxy.fault = () => ({ status: 200, body: driver.answer(secret, `${driver.place}-of-others`) });
      expect(await rejectionOf(opened.read(never()))).toMatchObject({ code: 'KEY_STORE_NOT_READ' });
    });

    if (driver.kind === 'aws-secrets-manager') {
      it('a version that is not the one that holds', async () => {
        const body = { ...driver.answer(secret), VersionStages: ['AWSPREVIOUS'] };
        proxy.fault = () => ({ status: 200, body });
        const error = await rejectionOf((await open()).read(never()));
        expect(error).toMatchObject({ code: 'KEY_STORE_NOT_READ' });
        expect(everythingPrintedOf(error)).not.toContain(secret);
      });
    }

    it('a write that may have been done is sent once, and what is refused names the action of the write', async () => {
      const refusing = (fault: Fault) => {
        proxy.heard.length = 0;
        proxy.fault = ({ action }) =>
          action === 'DescribeSecret' ? awsError('ResourceNotFoundException') : fault;
      };
      refusing(awsError('AccessDeniedException'));
      const error = await rejectionOf((await open()).write(secret, undefined, never()));
      expect(error).toMatchObject({ code: 'KEY_STORE_FORBIDDEN' });
      expect(error.message).toMatch(/secretsmanager:CreateSecret|ssm:PutParameter/);
      expect(error.message).toContain('kms:GenerateDataKey');
      refusing(awsError('InternalServerError', 500));
      await rejectionOf((await open()).write(secret, undefined, never()));
      const sent = proxy.takeActions().filter((action) => action !== 'DescribeSecret');
      expect(sent).toHaveLength(1);
    });

    it('nobody waits longer than they said, and nothing is asked for them later', async () => {
      proxy.fault = () => 'hang';
      const opened = await open();
      const reason = new Error('given up');
      const given = new AbortController();
      const read = rejectionOf(opened.read(given.signal));
      await new Promise((resolve) => setTimeout(resolve, 50));
      given.abort(reason);
      expect(await read).toBe(reason);
      proxy.heard.length = 0;
      expect(await rejectionOf(opened.read(given.signal))).toBe(reason);
      expect(proxy.heard).toEqual([]);
    });

    it('an address where nobody listens, and one whose certificate does not fit', async () => {
      const nobody = await driver.open(placeOf(driver, `http://127.0.0.1:${await freePort()}`));
      expect(await rejectionOf(nobody.read(never()))).toMatchObject({
        code: 'KEY_STORE_UNREACHABLE',
        isTransient: true,
        message: expect.stringContaining('(ECONNREFUSED)'),
      });
      const folder = mkdtempSync(join(tmpdir(), 'oidc-key-aws-tls-'));
      const args = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=a -days 2';
      spawnSync('openssl', [...args.split(' '), '-keyout', 'k.pem', '-out', 'c.pem'], { cwd: folder });
      const [key, cert] = ['k.pem', 'c.pem'].map((file) => readFileSync(join(folder, file)));
      const server = createServer({ key, cert }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const untrusted = await driver.open(placeOf(driver, `https://127.0.0.1:${port}`));
      const error = await rejectionOf(untrusted.read(never()));
      server.close();
      expect(error).toMatchObject({ code: 'KEY_STORE_UNREACHABLE', isTransient: false });
      expect(error.message).toContain('NODE_EXTRA_CA_CERTS');
    });

    it('a region that AWS does not have', async () => {
      const settings: Record<string, string> = {
        AWS_REGION: 'eu-nowhere-9',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
      };
      const opened = await driver.open(placeOf(driver, '', { setting: (name) => settings[name] }));
      const error = await rejectionOf(opened.read(never()));
      expect(error.message).toMatch(/AWS has no such host|\(EAI_AGAIN\)/);
    });
  });
}
