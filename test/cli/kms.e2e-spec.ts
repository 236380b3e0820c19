import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';

import type { KeySetDocument } from '../../lib/core/key-set/key-set-document.js';
import { makeRsaKey, pemOf, privateTraces } from '../support/keys.js';
import { cleanEnvironment, commandLine, run } from '../support/processes.js';
import { isOpenBaoInstalled, OpenBao, rootToken } from '../support/stores/openbao.js';
import { describeStore } from '../support/stores/store-under-test.js';

const store = { kind: 'vault-transit', against: 'OpenBao', isInstalled: isOpenBaoInstalled };
describeStore(store, 'the command line with keys in a KMS', () => {
  let server: OpenBao;
  let folder: string;
  beforeAll(async () => {
    server = await OpenBao.dev();
    await server.tell('sys/mounts/transit', { body: { type: 'transit' } });
  }, 60_000);
  afterAll(() => server?.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'oidc-key-cli-kms-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const cli = (args: readonly string[], settings: Record<string, string> = {}) =>
    run(process.execPath, [commandLine, ...args], {
      cwd: folder,
      env: {
        ...cleanEnvironment(),
        VAULT_ADDR: server.address,
        VAULT_TOKEN: rootToken,
        OIDC_KEY_STORE: 'file:keys',
        ...settings,
      },
    });
  const keys = () => (JSON.parse(readFileSync(join(folder, 'keys'), 'utf8')) as KeySetDocument).keys;
  const ofThis = { OIDC_SIGNERS: 'vault-transit:transit' };

  it('makes keys there, shows them, and says what servers have to allow', async () => {
    const made = await cli(['init', '--to', 'vault-transit:transit/one'], ofThis);
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect(keys()).toEqual([
      expect.objectContaining({ alg: 'RS256', signer: 'vault-transit:transit/one#1' }),
    ]);
    const inspected = await cli(['inspect', '--json'], ofThis);
    expect([inspected.code, inspected.stderr]).toEqual([0, '']);
    expect(JSON.parse(inspected.stdout)).toEqual([
      expect.objectContaining({ kid: keys()[0]!.kid, slot: 'current', algorithm: 'RS256' }),
    ]);
    const refused = await cli(['inspect']);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/^OIDC_KEY_SIGNER_NOT_ALLOWED: .*OIDC_SIGNERS/),
    ]);
    const status = await cli(['status'], ofThis);
    expect([status.code, status.stdout]).toEqual([0, expect.stringContaining(String(keys()[0]!.kid))]);
  });

  it('says what servers need where nothing says that they have it', async () => {
    const words = 'OIDC_SIGNERS=vault-transit:transit/six allows it.';
    const made = await cli(['init', '--to', 'vault-transit:transit/six']);
    expect([made.code, made.stdout]).toEqual([0, expect.stringContaining(words)]);
    const known = await cli(['init', 'file:other', '--to', 'vault-transit:transit/six'], ofThis);
    expect([known.code, known.stdout]).toEqual([0, expect.not.stringContaining('OIDC_SIGNERS')]);
  });

  it('takes a key of a file over, under its kid, and shows nothing of it', async () => {
    const key = makeRsaKey();
    writeFileSync(join(folder, 'key.pem'), pemOf(key));
    const taken = await cli(['init', '--from', 'key.pem', '--to', 'vault-transit:transit/two'], ofThis);
    expect([taken.code, taken.stderr]).toEqual([0, '']);
    expect(keys()[0]).toMatchObject({ signer: 'vault-transit:transit/two#1' });
    expect(keys()[0]).not.toHaveProperty('d');
    for (const trace of privateTraces(key)) {
      expect(taken.stdout + readFileSync(join(folder, 'keys'), 'utf8')).not.toContain(trace);
    }
  });

  it('takes a key that the KMS has already', async () => {
    await server.tell('transit/keys/three', { body: { type: 'ecdsa-p256' } });
    const taken = await cli(['init', '--from', 'vault-transit:transit/three'], ofThis);
    expect([taken.code, taken.stderr]).toEqual([0, '']);
    expect(keys()).toEqual([
      expect.objectContaining({ alg: 'ES256', signer: 'vault-transit:transit/three#1' }),
    ]);
  });

  it.each([
    ['a reference that names nothing', ['init', '--to', 'transit/key'], 2, /^KEY_STORE_UNKNOWN: /],
    ['a KMS that is not allowed', ['init', '--to', 'aws-kms:'], 1, /^OIDC_KEY_SIGNER_NOT_ALLOWED: /],
    ['a mount that is not there', ['init', '--to', 'vault-transit:transit/../x'], 2, /^KEY_STORE_UNKNOWN: /],
  ] as const)('refuses %s', async (_, args, code, words) => {
    const refused = await cli(args, ofThis);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringMatching(words)]);
  });

  it('shows a KMS that is the store as servers have it, and advises no command that it refuses', async () => {
    await server.tell('transit/keys/seven', { body: { type: 'ecdsa-p256' } });
    const settings = { OIDC_KEY_STORE: 'vault-transit:transit/seven' };
    const { stdout } = await cli(['status'], settings);
    expect(stdout).not.toMatch(/safe now|Nothing changes by itself/);
    expect(stdout).toMatch(/not now: {2}rotate: the KMS is the store/);
    const { keys: shown } = JSON.parse((await cli(['status', '--json'], settings)).stdout) as {
      keys: { kid: string; state: string }[];
    };
    expect(stdout).toMatch(new RegExp(`not now: {2}revoke ${shown[0]!.kid}: .*OIDC_REVOKED_KIDS`));
    expect(shown[0]).toMatchObject({ state: 'signs' });
    const revoked = await cli(['status', '--json'], { ...settings, OIDC_REVOKED_KIDS: shown[0]!.kid });
    expect(JSON.parse(revoked.stdout)).toMatchObject({
      keys: [{ state: 'revoked', signs: false, published: false }],
      withoutSigner: ['ES256'],
    });
  });

  it('says where to look, and of no command that would be refused, where a KMS that is the store has no key', async () => {
    const settings = { OIDC_KEY_STORE: 'vault-transit:transit/none' };
    for (const command of ['status', 'inspect']) {
      const { code, stderr } = await cli([command], settings);
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(
          /There is no key in vault-transit:transit\/none\. Check the name, and make the key there/,
        ),
      ]);
      expect(stderr).not.toMatch(/nestjs-oidc-key init/);
    }
  });

  it('says what to set where a key set names a key and nothing is allowed, also to a command without --to', async () => {
    await cli(['init', '--to', 'vault-transit:transit/five']);
    const revoked = await cli(['revoke', String(keys()[0]!.kid), '--prefix', 'ADMIN_OIDC_'], {
      ADMIN_OIDC_KEY_STORE: 'file:keys',
    });
    expect([revoked.code, revoked.stdout]).toEqual([
      0,
      expect.stringMatching(
        /held in vault-transit:transit\/five#1, and ADMIN_OIDC_SIGNERS is not set here\. .* may be vault-transit:transit\/five, and run this again\./,
      ),
    ]);
    expect(revoked.stdout).not.toMatch(/name the place/);
  });

  it('does not write to a KMS that is the store', async () => {
    await server.tell('transit/keys/four', { body: { type: 'ecdsa-p256' } });
    const settings = { OIDC_KEY_STORE: 'vault-transit:transit/four' };
    const refused = await cli(['rotate'], settings);
    expect([refused.code, refused.stderr]).toEqual([
      expect.any(Number),
      expect.stringMatching(/^KEY_STORE_READ_ONLY: /),
    ]);
    const token = await cli(['rotate', 'pkcs11:token=t1;object=o?pin-source=/pin']);
    expect(token.stderr).toMatch(/begin with `init STORE --to 'pkcs11:token=t1;object=o'`/);
    const shown = await cli(['inspect', '--json'], settings);
    expect([shown.code, shown.stderr]).toEqual([0, expect.any(String)]);
    expect(JSON.parse(shown.stdout)).toHaveLength(1);
  });
});
