import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { loadPackage } from '../../../lib/stores/vendor-package.js';
import { rejectionOf } from '../../support/errors.js';
import { cleanEnvironment, commandLine, root, run } from '../../support/processes.js';
import { AwsProxy } from '../../support/stores/aws/aws-proxy.js';
import { everyDriver, placeOf } from '../../support/stores/aws/drivers.js';

const arnRole = 'arn:aws:iam::123456789012:role/issuer';

for (const driver of everyDriver) {
  describe(`${driver.kind}: settings and credentials`, () => {
    const reference = `${driver.kind}:${driver.place}`;
    let proxy: AwsProxy;
    let home: string;

    beforeAll(async () => {
      proxy = await AwsProxy.start();
    });
    afterAll(() => proxy.stop());
    beforeEach(() => {
      home = mkdtempSync(join(tmpdir(), 'oidc-key-aws-home-'));
      proxy.heard.length = 0;
      proxy.fault = () => ({ status: 200, body: driver.answer('no key') });
    });

    /** What `status` says where nothing of AWS is configured but this. */
    const status = async (settings: Record<string, string>, cwd = home) => {
      const inherited = Object.entries(cleanEnvironment()).filter(([name]) => !name.startsWith('AWS_'));
      const env = {
        ...Object.fromEntries(inherited),
        HOME: home,
        AWS_EC2_METADATA_DISABLED: 'true',
        AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
        ...settings,
      };
      return run(process.execPath, [commandLine, 'status', reference], { env, cwd });
    };
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const profile = (name: string, text: string) => {
      mkdirSync(join(home, '.aws'), { recursive: true });
      writeFileSync(join(home, '.aws', name), text);
    };
    const endpoint = () => ({ AWS_ENDPOINT_URL: proxy.endpoint });
    const isAsked = () => proxy.heard.length > 0;

    it.each([
      ['no region', keys, 'KEY_STORE_MISCONFIGURED', /needs the region .* Set AWS_REGION, such as/],
      [
        'the other name of the region',
        { ...keys, AWS_DEFAULT_REGION: 'eu-west-1' },
        'KEY_STORE_MISCONFIGURED',
        /AWS_DEFAULT_REGION is set, which AWS's SDK for JavaScript does not read/,
      ],
      [
        'a region that is none',
        { ...keys, AWS_REGION: 'eu_west/1' },
        'KEY_STORE_MISCONFIGURED',
        /AWS_REGION holds no region/,
      ],
      [
        'no credentials',
        { AWS_REGION: 'eu-west-1' },
        'KEY_STORE_UNAUTHENTICATED',
        /no AWS credentials \(CredentialsProviderError\). Set AWS_ACCESS_KEY_ID/,
      ],
      [
        'a profile that is not there',
        { AWS_REGION: 'eu-west-1', AWS_PROFILE: 'none' },
        'KEY_STORE_UNAUTHENTICATED',
        /AWS_PROFILE is set, and leads to none/,
      ],
      [
        'a token file that is not there',
        { AWS_REGION: 'eu-west-1', AWS_WEB_IDENTITY_TOKEN_FILE: '/none', AWS_ROLE_ARN: arnRole },
        'KEY_STORE_UNAUTHENTICATED',
        /\(ENOENT\). AWS_WEB_IDENTITY_TOKEN_FILE is set, and leads to none/,
      ],
    ])('%s is said, with what to set, and nothing is asked', async (_, settings, code, says) => {
      const { code: exit, stderr } = await status({ ...endpoint(), ...settings });
      expect([exit, stderr]).toEqual([3, expect.stringMatching(says)]);
      expect(stderr).toContain(code);
      expect(stderr).toContain(reference);
      expect(isAsked()).toBe(false);
    });

    it.each([
      ['the environment', () => ({ ...keys, ...endpoint(), AWS_REGION: 'eu-west-1' })],
      [
        'an address for this service alone',
        () => ({
          ...keys,
          AWS_REGION: 'eu-west-1',
          [`AWS_ENDPOINT_URL_${driver.kind === 'aws-ssm' ? 'SSM' : 'SECRETS_MANAGER'}`]: proxy.endpoint,
        }),
      ],
      [
        'a profile',
        () => {
          profile('config', `[profile issuer]\nregion = eu-west-1\nendpoint_url = ${proxy.endpoint}\n`);
          profile('credentials', '[issuer]\naws_access_key_id = a\naws_secret_access_key = b\n');
          return { AWS_PROFILE: 'issuer' };
        },
      ],
      [
        'a file .env',
        () => {
          const settings = { ...keys, ...endpoint(), AWS_REGION: 'eu-west-1', AWS_SESSION_TOKEN: 't' };
          const lines = Object.entries(settings).map(([name, value]) => `${name}='${value}'`);
          writeFileSync(join(home, '.env'), lines.join('\n'));
          return {};
        },
      ],
      [
        'a file .env that names a profile',
        () => {
          profile('config', '[profile issuer]\nregion = eu-west-1\n');
          profile('credentials', '[issuer]\naws_access_key_id = a\naws_secret_access_key = b\n');
          writeFileSync(join(home, '.env'), `AWS_PROFILE=issuer\nAWS_ENDPOINT_URL=${proxy.endpoint}\n`);
          return {};
        },
      ],
    ])('is reached by what %s says', async (_, settings) => {
      const { stderr } = await status(settings());
      expect([stderr, isAsked()]).toEqual([expect.stringContaining('OIDC_KEY_'), true]);
    });

    it('a client of something else is said', async () => {
      const options = { region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } };
      const other = driver.kind === 'aws-ssm' ? new SecretsManagerClient(options) : new SSMClient(options);
      for (const client of [other, {}, 'client', { send: () => undefined }]) {
        const error = await rejectionOf(driver.open(placeOf(driver, proxy.endpoint, { client })));
        expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED' });
        expect(error.message).toContain(driver.packageName);
      }
      other.destroy();
    });

    it('a client of another region than the ARN names is said', async () => {
      const client = new (driver.kind === 'aws-ssm' ? SSMClient : SecretsManagerClient)({
        region: 'us-east-1',
        credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      });
      const place = driver.arn('eu-west-1');
      const error = await rejectionOf(driver.open(placeOf(driver, proxy.endpoint, { client, place })));
      expect(error).toMatchObject({ code: 'KEY_STORE_MISCONFIGURED' });
      expect(error.message).toContain('in another region');
      client.destroy();
    });

    it('credentials that a client of their own cannot get are told from what the store refuses', async () => {
      const settings: Record<string, string> = { AWS_REGION: 'eu-west-1', ...endpoint() };
      for (const [name, isTransient] of [
        ['AWS_CONTAINER_CREDENTIALS_FULL_URI', true],
        ['AWS_PROFILE', false],
      ] as const) {
        const credentials = async () => {
          throw Object.assign(new Error('quotes a-secret'), { name: 'CredentialsProviderError' });
        };
        const client = new (driver.kind === 'aws-ssm' ? SSMClient : SecretsManagerClient)({
          region: 'eu-west-1',
          endpoint: proxy.endpoint,
          credentials,
        });
        const setting = (each: string) => (each === name ? 'set' : settings[each]);
        const opened = await driver.open(placeOf(driver, proxy.endpoint, { client, setting }));
        const error = await rejectionOf(opened.read(new AbortController().signal));
        expect(error).toMatchObject({ code: 'KEY_STORE_UNAUTHENTICATED', isTransient });
        expect(error.message).not.toContain('a-secret');
        client.destroy();
      }
      expect(isAsked()).toBe(false);
    });

    it('its package is named with the line that installs it, where it is not there', async () => {
      const code = 'ERR_MODULE_NOT_FOUND';
      const load = () => Promise.reject(Object.assign(new Error('no package'), { code }));
      const error = await rejectionOf(loadPackage(driver.packageName, reference, load));
      expect(error).toMatchObject({ code: 'KEY_STORE_PACKAGE_MISSING' });
      expect(error.message).toContain(`npm install ${driver.packageName}`);
    });
  });
}

it('without the packages the command says which one is missing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-aws-bare-'));
  const modules = join(folder, 'node_modules');
  const bundle = join(modules, 'nestjs-oidc-key');
  mkdirSync(modules);
  cpSync(join(commandLine, '../..'), bundle, { recursive: true });
  cpSync(join(root, 'package.json'), join(bundle, 'package.json'));
  for (const name of readdirSync(join(root, 'node_modules')).filter((each) => each !== '@aws-sdk')) {
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  for (const { kind, place, packageName } of everyDriver) {
    const { code, stderr } = await run(process.execPath, [
      join(bundle, 'cli/main.js'),
      'status',
      `${kind}:${place}`,
    ]);
    expect([code, stderr]).toEqual([3, expect.stringContaining(`npm install ${packageName}`)]);
  }
  rmSync(folder, { recursive: true });
});
