import { fork } from 'node:child_process';
import { createHash, verify } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import type { KeyStoreError } from '../../../lib/stores/key-store.js';
import type { KmsDriver } from '../../../lib/stores/kms-driver.js';
import { openKms } from '../../../lib/stores/kms-reference.js';
import { refusalOfFlags } from '../../../lib/stores/pkcs11/login.js';
import { rejectionOf } from '../../support/errors.js';
import { childrenOf } from '../../support/kms/kit-server.js';
import { pkcs11UnderTest } from '../../support/kms/pkcs11.under-test.js';
import { processPath } from '../../support/kms/process-path.js';
import { pin, SoftHsm, softHsmModule } from '../../support/kms/soft-hsm.js';
import { cleanEnvironment, run } from '../../support/processes.js';
import { describeStore } from '../../support/stores/store-under-test.js';
import { until } from '../../support/waiting.js';

const inTime = () => AbortSignal.timeout(10_000);
const data = Buffer.from('data');

describeStore(pkcs11UnderTest, 'what keeps a key from signing', () => {
  let hsm: SoftHsm;
  const drivers: KmsDriver[] = [];
  beforeAll(() => {
    hsm = new SoftHsm();
  });
  afterEach(() => {
    for (const driver of drivers.splice(0)) driver.close!();
    writeFileSync(hsm.pinFile, pin);
  });
  afterAll(() => hsm?.stop());

  const open = async (place: string, query = hsm.query): Promise<KmsDriver> => {
    const driver = await openKms(`pkcs11:${place}${query}`, { name: 'OIDC_SIGNERS' });
    drivers.push(driver);
    return driver;
  };
  const refusal = async (asked: Promise<unknown>): Promise<KeyStoreError> => {
    const error = (await rejectionOf(asked)) as KeyStoreError;
    expect(`${error.message} ${error.stack}`).not.toMatch(new RegExp(`\\b(?:${pin}|wrong)\\b`));
    return error;
  };
  const signing = async (
    place: string,
    alg: SigningAlgorithm = 'ES256',
    query = hsm.query,
  ): Promise<Buffer> => (await open(place, query)).sign(data, algorithmNamed(alg)!, inTime());
  const makeKey = (label: string, id: string, ...args: readonly string[]) =>
    hsm.tool(['--keypairgen', '--key-type', 'EC:prime256v1', '--label', label, '--id', id, ...args]);

  it.each([
    ['no module', '', 'module-path is missing'],
    ['a module by a relative path', '?module-path=libsofthsm2.so', 'is no absolute path'],
    ['a module that is not there', '?module-path=/nope/lib.so', 'is not there'],
    ['a text file', `?module-path=${join(import.meta.dirname, 'uri.spec.ts')}`, 'cannot be loaded'],
    ['another library', '?module-path=LIBRARY', 'no module of PKCS#11'],
    ['no file with the PIN', `?module-path=${softHsmModule}`, 'Add pin-source=FILE'],
    ['a command', `?module-path=${softHsmModule}&pin-source=|/bin/pin`, 'pin-source is a command'],
    ['a relative path', `?module-path=${softHsmModule}&pin-source=pin`, 'neither an absolute path'],
    ['another host', `?module-path=${softHsmModule}&pin-source=file://host/pin`, 'neither an absolute path'],
  ])('%s is a mistake of configuration', async (_, query, words) => {
    // The process itself has no library but this one that is sure to be there.
    const library = readFileSync('/proc/self/maps', 'utf8').match(/\/\S+\/libm\.so\S*/)![0];
    const error = await refusal(signing('token=t1;object=a', 'ES256', query.replace('LIBRARY', library)));
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_MISCONFIGURED', false]);
    expect(error.message).toContain(words);
  });

  it('a PIN in the reference is refused, and what to do is said', async () => {
    const error = await refusal(open('token=t1', `${hsm.query}&pin-value=${pin}`));
    expect(error.message).toBe(
      'OIDC_SIGNERS: pin-value would show the PIN to whoever reads it. Put the PIN into a file, and name that: pin-source=FILE.',
    );
    const driver = openKms('pkcs11:token=t1', { name: 'It', parameters: { 'pin-value': pin } });
    expect((await refusal(driver)).code).toBe('KEY_STORE_MISCONFIGURED');
  });

  it('the file with the PIN may be named by a URI', async () => {
    const driver = await open('token=t1;object=none', hsm.query.replace('pin-source=', 'pin-source=file://'));
    await expect(driver.publicKeys(inTime())).resolves.toEqual([]);
  });

  it.each([
    ['is not there', () => rmSync(hsm.pinFile), 'cannot be read (ENOENT)', true],
    ['is empty', () => writeFileSync(hsm.pinFile, '\n'), 'is empty', true],
    ['is no PIN', () => writeFileSync(hsm.pinFile, '1'.repeat(2000)), 'is no PIN', false],
  ])('a file with the PIN that %s is said', async (_, break_, words, isTransient) => {
    break_();
    const error = await refusal(signing('token=t1;object=a'));
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_UNAUTHENTICATED', isTransient]);
    expect(error.message).toContain(words);
  });

  it('a wrong PIN is tried once, whoever asks, however often, and after the process was lost', async () => {
    await until(() => childrenOf(process.pid, 'pkcs11-process').length === 0);
    writeFileSync(hsm.pinFile, 'wrong');
    const first = await refusal(signing('token=t1;object=a'));
    expect([first.code, first.isTransient]).toEqual(['KEY_STORE_UNAUTHENTICATED', false]);
    expect(first.message).toContain('CKR_PIN_INCORRECT');
    expect(hsm.hasCountedWrongPin()).toBe(true);
    // A login with the right one sets the count back: whoever tries again would be seen.
    hsm.tool(['--list-objects']);
    const again = await Promise.all([
      refusal(signing('token=t1;object=a')),
      refusal(signing('token=t1;object=b')),
    ]);
    const [child] = childrenOf(process.pid, 'pkcs11-process');
    process.kill(child!, 'SIGKILL');
    await refusal(signing('token=t1;object=a'));
    const driver = await open('token=t1;object=a');
    let last = await refusal(driver.publicKeys(inTime()));
    while (last.code === 'KEY_STORE_UNREACHABLE') last = await refusal(driver.publicKeys(inTime()));
    for (const { code } of [...again, last]) expect(code).toBe('KEY_STORE_UNAUTHENTICATED');
    expect(hsm.hasCountedWrongPin()).toBe(false);
    writeFileSync(hsm.pinFile, pin);
    await expect(driver.publicKeys(inTime())).resolves.toEqual([]);
  });

  it.each([
    [0, undefined],
    [0x1_00_00, undefined],
    [0x2_00_00, expect.stringContaining('would lock at the next wrong PIN')],
    [0x6_00_00, expect.stringContaining('has its PIN locked')],
  ])('no PIN is tried on a token that shows the flags %i', (flags, words) => {
    expect(refusalOfFlags(flags)).toEqual(words);
  });

  it('a token that is not there is named, and found when it was made', async () => {
    const error = await refusal(signing('token=t2;object=a'));
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_MISCONFIGURED', false]);
    expect(error.message).toMatch(/^pkcs11:token=t2 is no token that the module has/);
    const driver = await open('token=t2;object=a');
    hsm.addToken('t2');
    await expect(driver.publicKeys(inTime())).resolves.toEqual([]);
  });

  it('labels may have any characters', async () => {
    hsm.addToken('Tökén 1;2%');
    const driver = await open('token=T%C3%B6k%C3%A9n%201%3B2%25;object=%C3%BC%3B');
    const wish = { alg: 'ES256', algorithm: algorithmNamed('ES256')!, bits: 0 } as const;
    const { reference } = await driver.create(wish, inTime());
    const [key] = await (await open(reference.slice('pkcs11:'.length))).publicKeys(inTime());
    expect(key!.reference).toBe(reference);
    expect(hsm.tool(['--list-objects', '--type', 'privkey'], 'Tökén 1;2%')).toContain('ü;');
  });

  it('of two tokens with one label the serial number tells', async () => {
    hsm.addToken('twin');
    hsm.addToken('twin');
    const error = await refusal(signing('token=twin;object=a'));
    expect([error.code, error.message]).toEqual([
      'KEY_STORE_MISCONFIGURED',
      expect.stringContaining('more than one token'),
    ]);
    const [, serial] = /: twin[^]*?serial num\s*: (\w+)/.exec(hsm.tokens())!;
    const driver = await open(`token=twin;serial=${serial};object=a`);
    await expect(driver.publicKeys(inTime())).resolves.toEqual([]);
  });

  it('of two keys with one label the id tells', async () => {
    makeKey('two', '01');
    makeKey('two', '02');
    const driver = await open('token=t1;object=two');
    for (const asked of [
      driver.publicKeys(inTime()),
      driver.sign(data, algorithmNamed('ES256')!, inTime()),
    ]) {
      const error = await refusal(asked);
      expect([error.code, error.isTransient]).toEqual(['KEY_STORE_KEY_UNUSABLE', false]);
      expect(error.message).toContain('more than one private key. Add the id');
    }
    const [key] = await (await open('token=t1;object=two;id=%02')).publicKeys(inTime());
    expect(key!.reference).toBe('pkcs11:token=t1;object=two;id=%02');
    const signature = await signing('token=t1;id=%02');
    expect(verify('sha256', data, { key: key!.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it.each([
    ['is not on the token', 'ES256', 'none', (): unknown => undefined],
    ['is another kind of key than RS256 takes', 'RS256', 'ec', (): unknown => makeKey('ec', '10')],
    ['is another kind of key than ES384 takes', 'ES384', 'ec', (): unknown => undefined],
    [
      'wants the PIN for each signature',
      'ES256',
      'always',
      (): unknown => makeKey('always', '11', '--always-auth'),
    ],
    [
      'has no public key beside it',
      'ES256',
      'alone',
      (): unknown => {
        makeKey('alone', '12');
        return hsm.tool(['--delete-object', '--type', 'pubkey', '--id', '12']);
      },
    ],
    [
      'is of a kind that no algorithm takes',
      'ES256',
      'k1',
      (): unknown => hsm.tool(['--keypairgen', '--key-type', 'EC:secp256k1', '--label', 'k1', '--id', '13']),
    ],
  ] as const)('a key %s: that is said', async (words, alg, label, prepare) => {
    prepare();
    const error = await refusal(signing(`token=t1;object=${label}`, alg));
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_KEY_UNUSABLE', false]);
    expect(error.message).toContain(`pkcs11:token=t1;object=${label} ${words}`);
  });

  it('an RSA key signs without a public key beside it', async () => {
    hsm.tool(['--keypairgen', '--key-type', 'rsa:2048', '--label', 'lone', '--id', '14']);
    hsm.tool(['--delete-object', '--type', 'pubkey', '--id', '14']);
    const driver = await open('token=t1;object=lone');
    const [key] = await driver.publicKeys(inTime());
    const signature = await driver.sign(data, algorithmNamed('RS256')!, inTime());
    expect(verify('sha256', data, key!.publicKey, signature)).toBe(true);
  });

  it('a key that is disabled signs nothing, its refusal says so, and it is looked at again', async () => {
    makeKey('disabled', '15');
    const driver = await open('token=t1;object=disabled');
    await driver.sign(data, algorithmNamed('ES256')!, inTime());
    await expect(driver.disable(inTime())).resolves.toContain('CKA_SIGN is false');
    const error = await refusal(driver.sign(data, algorithmNamed('ES256')!, inTime()));
    expect([error.code, error.message]).toEqual([
      'KEY_STORE_KEY_UNUSABLE',
      expect.stringContaining('CKR_KEY_FUNCTION_NOT_PERMITTED'),
    ]);
    const [key] = await driver.publicKeys(inTime());
    expect(key!.refusal).toContain('is not for signing');
    const looked = await refusal(driver.sign(data, algorithmNamed('ES256')!, inTime()));
    expect(looked.message).toContain('is not for signing (CKA_SIGN is false)');
    for (const type of ['privkey', 'pubkey']) hsm.tool(['--delete-object', '--type', type, '--id', '15']);
    makeKey('disabled', '15');
    await expect(driver.sign(data, algorithmNamed('ES256')!, inTime())).resolves.toHaveLength(64);
  });

  it('a key that is disabled makes no signature by decrypting either, whoever has made it', async () => {
    hsm.tool(['--keypairgen', '--key-type', 'rsa:2048', '--label', 'tool', '--id', '1a']);
    const wish = { alg: 'RS256', algorithm: algorithmNamed('RS256')!, bits: 2048 } as const;
    const { reference } = await (await open('token=t1;object=made')).create(wish, inTime());
    const { publicKey } = (await (await open('token=t1;id=%1A')).publicKeys(inTime()))[0]!;
    const padded = join(hsm.folder, 'padded');
    const digest = createHash('sha256').update(data).digest('hex');
    // RFC 8017 section 9.2: what a signature of RS256 is the private operation of.
    const encoded = `0001${'ff'.repeat(202)}003031300d060960864801650304020105000420${digest}`;
    writeFileSync(padded, Buffer.from(encoded, 'hex'));
    const decrypted = (id: string) => {
      const output = join(hsm.folder, 'decrypted');
      const what = ['--mechanism', 'RSA-X-509', '--id', id, '--input-file', padded];
      hsm.tool(['--decrypt', ...what, '--output-file', output]);
      return readFileSync(output);
    };
    expect(verify('sha256', data, publicKey, decrypted('1a'))).toBe(true);
    const madeId = /;id=(.*)$/.exec(reference)![1]!.replaceAll('%', '');
    expect(() => decrypted(madeId)).toThrow('CKR_KEY_FUNCTION_NOT_PERMITTED');
    for (const id of ['%1A', reference.replace(/^.*;id=/, '')]) {
      await expect((await open(`token=t1;id=${id}`)).disable(inTime())).resolves.toContain('any more');
    }
    expect(() => decrypted('1a')).toThrow('CKR_KEY_FUNCTION_NOT_PERMITTED');
    expect(hsm.tool(['--list-objects', '--type', 'privkey', '--id', '1a'])).toMatch(/Usage:\s+none/);
  });

  it('says how to delete a key that the token does not let anybody disable', async () => {
    // No tool makes such a key.
    const program = `
      const p = require('pkcs11js');
      const module = new p.PKCS11();
      module.load(${JSON.stringify(softHsmModule)});
      module.C_Initialize({ flags: p.CKF_OS_LOCKING_OK });
      const slot = module.C_GetSlotList(true).find((each) => module.C_GetTokenInfo(each).label.trim() === 't1');
      const session = module.C_OpenSession(slot, p.CKF_SERIAL_SESSION | p.CKF_RW_SESSION);
      module.C_Login(session, p.CKU_USER, '${pin}');
      const common = [
        { type: p.CKA_TOKEN, value: true },
        { type: p.CKA_LABEL, value: Buffer.from('fixed') },
        { type: p.CKA_ID, value: Buffer.from([0x19]) },
      ];
      module.C_GenerateKeyPair(
        session,
        { mechanism: p.CKM_EC_KEY_PAIR_GEN },
        [...common, { type: p.CKA_EC_PARAMS, value: Buffer.from('06082a8648ce3d030107', 'hex') }],
        [...common, { type: p.CKA_SIGN, value: true }, { type: p.CKA_MODIFIABLE, value: false }],
      );
      module.C_Finalize();
    `;
    const { code } = await run(process.execPath, ['-e', program], {
      env: cleanEnvironment(hsm.environment),
    });
    expect(code).toBe(0);
    const driver = await open('token=t1;object=fixed;id=%19');
    await expect(driver.disable(inTime())).resolves.toMatch(
      /does not let a key be disabled.*--token-label "t1" --login --delete-object --type privkey --id 19`\.$/,
    );
    await expect(driver.sign(data, algorithmNamed('ES256')!, inTime())).resolves.toHaveLength(64);
  });

  it('another key under the same name does not sign until it was looked at', async () => {
    makeKey('moved', '16');
    const driver = await open('token=t1;object=moved');
    await driver.sign(data, algorithmNamed('ES256')!, inTime());
    hsm.tool(['--delete-object', '--type', 'privkey', '--id', '16']);
    hsm.tool(['--delete-object', '--type', 'pubkey', '--id', '16']);
    makeKey('moved', '16');
    const error = await refusal(driver.sign(data, algorithmNamed('ES256')!, inTime()));
    expect([error.code, error.message]).toEqual([
      'KEY_STORE_KEY_UNUSABLE',
      expect.stringContaining('is another key than it was before'),
    ]);
    const [key] = await driver.publicKeys(inTime());
    const signature = await driver.sign(data, algorithmNamed('ES256')!, inTime());
    expect(verify('sha256', data, { key: key!.publicKey, dsaEncoding: 'ieee-p1363' }, signature)).toBe(true);
  });

  it('warns of a key that can be read out, and of none that it has made', async () => {
    makeKey('open', '17', '--extractable');
    const [key] = await (await open('token=t1;object=open')).publicKeys(inTime());
    expect([key!.refusal, key!.warning]).toEqual([undefined, expect.stringContaining('can be read out')]);
    const wish = { alg: 'ES256', algorithm: algorithmNamed('ES256')!, bits: 0 } as const;
    const made = await (await open('token=t1')).create(wish, inTime());
    expect(made.warning).toBeUndefined();
    const [tool] = await (await open('token=t1;object=lone')).publicKeys(inTime());
    expect(tool!.warning).toContain('is for more than signing (CKA_DECRYPT, CKA_UNWRAP');
    const alone = await (
      await open('token=t1')
    ).create({ alg: 'RS256', algorithm: algorithmNamed('RS256')!, bits: 2048 }, inTime());
    expect(alone.warning).toBeUndefined();
    expect(made.reference).toMatch(/^pkcs11:token=t1;id=(?:%[\dA-F]{2}){16}$/);
    const attributes = hsm.tool(['--list-objects', '--type', 'privkey']);
    expect(attributes).toMatch(/label:\s+nestjs-oidc-key[^]*?sensitive, always sensitive, never extractable/);
  });

  it('makes no second key under an id', async () => {
    const wish = { alg: 'ES256', algorithm: algorithmNamed('ES256')!, bits: 0 } as const;
    const error = await refusal((await open('token=t1;id=%99')).create(wish, inTime()));
    expect([error.code, error.message]).toEqual([
      'KEY_STORE_MISCONFIGURED',
      expect.stringContaining('Leave id away'),
    ]);
  });

  it('a module whose settings are away is asked again, and signs when they are back', async () => {
    makeKey('away', '18');
    const file = hsm.environment.SOFTHSM2_CONF;
    renameSync(file, `${file}.away`);
    const driver = await open('token=t1;object=away');
    const error = await refusal(driver.publicKeys(inTime()));
    expect([error.code, error.isTransient]).toEqual(['KEY_STORE_UNREACHABLE', true]);
    expect(error.message).toContain('CKR_GENERAL_ERROR');
    renameSync(`${file}.away`, file);
    await expect(driver.publicKeys(inTime())).resolves.toHaveLength(1);
  });

  it('a package that is not installed is named with the line that installs it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'oidc-key-no-package-'));
    try {
      const program = join(folder, 'pkcs11-process.mjs');
      copyFileSync(processPath, program);
      const child = fork(program, { serialization: 'advanced' });
      child.send({ begin: { module: softHsmModule, token: { token: 't1' }, secret: Buffer.alloc(32) } });
      child.send({ number: 1, question: { ask: 'find', where: 'it', key: {} } });
      const [reply] = (await once(child, 'message')) as [object];
      child.disconnect();
      await once(child, 'exit');
      expect(reply).toMatchObject({
        failure: {
          code: 'KEY_STORE_PACKAGE_MISSING',
          message: expect.stringMatching(/npm install pkcs11js\. It is compiled when it is installed/),
        },
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('a driver that is closed asks nothing more', async () => {
    const driver = await open('token=t1;object=none');
    driver.close!();
    driver.close!();
    expect((await refusal(driver.publicKeys(inTime()))).message).toContain('is closed');
  });
});
