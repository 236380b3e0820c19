import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';

import { afterAll, describe, expect, it } from '@jest/globals';

import { diagnoseEnvironment } from '../../lib/doctor/environment/diagnose-environment.js';
import type { EnvironmentOptions } from '../../lib/doctor/environment/diagnose-environment.js';
import type { Severity } from '../../lib/doctor/finding.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { jwkOf, makeRsaKey, pemOf, privateTraces } from '../support/keys.js';

const [rsa, otherRsa] = [makeRsaKey(), makeRsaKey()];
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
const ed = makeKeyPair('ed25519').privateKey;
const folder = mkdtempSync(join(tmpdir(), 'oidc-key-doctor-'));
chmodSync(folder, 0o755);

afterAll(() => rmSync(folder, { recursive: true }));

const sound = { OIDC_PRIVATE_KEY: pemOf(rsa), OIDC_NEXT_KEYS: pemOf(otherRsa) };
const now = Math.floor(Date.now() / 1000);
const year = 365 * 24 * 3600;

let files = 0;
/** A file, in a folder of its own. */
function fileOf(text: string, mode: number, modeOfFolder = 0o755): string {
  const own = join(folder, String(files++));
  mkdirSync(own);
  writeFileSync(join(own, 'file'), text);
  chmodSync(join(own, 'file'), mode);
  chmodSync(own, modeOfFolder);
  return join(own, 'file');
}

/** A link, in a folder of its own. */
function linkTo(path: string, modeOfFolder: number): string {
  const own = join(folder, String(files++));
  mkdirSync(own);
  symlinkSync(path, join(own, 'link'));
  chmodSync(own, modeOfFolder);
  return join(own, 'link');
}

const keySet = (...keys: object[]) => JSON.stringify({ keys });
const rs256 = { ...jwkOf(rsa), kid: 'a', alg: 'RS256' };

async function found(settings: NodeJS.Dict<string>, options: EnvironmentOptions = {}) {
  return diagnoseEnvironment(settings, options);
}

type Seeded = [what: string, severity: Severity, code: string, ...Parameters<typeof found>];

const faults: Seeded[] = [
  ['no key', 'error', 'OIDC_KEY_MISSING', {}],
  ['a key that is cut off', 'error', 'OIDC_KEY_MALFORMED', { OIDC_PRIVATE_KEY: pemOf(rsa).slice(0, 900) }],
  ['a short key', 'error', 'OIDC_KEY_TOO_WEAK', { OIDC_PRIVATE_KEY: pemOf(makeRsaKey(1024)) }],
  ['a key for both slots', 'error', 'OIDC_KEY_CONFLICT', { ...sound, OIDC_PRIVATE_KEY_FILE: '/run/key.pem' }],
  ['a time in words', 'error', 'OIDC_KEY_INVALID_OPTION', { ...sound, OIDC_KEY_RETENTION: 'a month' }],
  [
    'a file that is not there',
    'error',
    'OIDC_KEY_UNREADABLE_FILE',
    { OIDC_PRIVATE_KEY_FILE: join(folder, 'no') },
  ],
  ['an unknown store', 'error', 'OIDC_KEY_INVALID_OPTION', { OIDC_KEY_STORE: 'drawer:keys' }],
  ['an empty store', 'error', 'OIDC_KEY_MISSING', { OIDC_KEY_STORE: `file:${join(folder, 'none.json')}` }],
  [
    'a store that is down',
    'error',
    'OIDC_KEY_STORE_FAILED',
    { OIDC_KEY_STORE: 'vault:secret/keys', VAULT_ADDR: 'http://127.0.0.1:9', VAULT_TOKEN: 't' },
  ],
  ['a misspelt setting', 'warning', 'BOOT_WARNS', { ...sound, OIDC_PRIVATE_KEYS: 'x' }],
  ['a revocation of nothing', 'warning', 'BOOT_WARNS', { ...sound, OIDC_REVOKED_KIDS: 'nobody' }],
  ['no RS256 key', 'warning', 'NO_RS256_KEY', { OIDC_PRIVATE_KEY: pemOf(ec) }],
  [
    'a key by the name Ed25519',
    'warning',
    'OWN_KEY_NAMED_ED25519',
    { OIDC_PRIVATE_KEY: keySet(rs256, { ...jwkOf(ed), kid: 'e', alg: 'Ed25519' }) },
  ],
  [
    'an OKP key',
    'note',
    'OWN_KEY_OF_KIND_OKP',
    { OIDC_PRIVATE_KEY: keySet(rs256, { ...jwkOf(ed), kid: 'e', alg: 'EdDSA' }) },
  ],
  ['no next key', 'note', 'NO_NEXT_KEY', { OIDC_PRIVATE_KEY: pemOf(rsa) }],
  [
    'tokens that outlive their key',
    'error',
    'RETENTION_SHORTER_THAN_TOKENS',
    { ...sound, OIDC_KEY_RETENTION: '3600' },
    { longestToken: 3601 },
  ],
  ['a short cache', 'warning', 'MAX_AGE_BELOW_AN_HOUR', { ...sound, OIDC_JWKS_MAX_AGE: '3599' }],
  ['a long cache', 'warning', 'MAX_AGE_ABOVE_A_DAY', { ...sound, OIDC_JWKS_MAX_AGE: '86401' }],
  ['no clock skew', 'warning', 'NO_CLOCK_SKEW', { ...sound, OIDC_CLOCK_SKEW: '0' }],
  [
    'a key file that all can write',
    'error',
    'FILE_WRITABLE_BY_OTHERS',
    { OIDC_PRIVATE_KEY_FILE: fileOf(pemOf(rsa), 0o602) },
  ],
  [
    'a list of revocations that all can write',
    'error',
    'FILE_WRITABLE_BY_OTHERS',
    { ...sound, OIDC_REVOKED_KIDS_FILE: fileOf('', 0o646) },
  ],
  [
    'a key file in a folder that all can write',
    'error',
    'FILE_WRITABLE_BY_OTHERS',
    { OIDC_PRIVATE_KEY_FILE: fileOf(pemOf(rsa), 0o600, 0o777) },
  ],
  [
    'a key file behind a link that all can replace',
    'error',
    'FILE_WRITABLE_BY_OTHERS',
    { OIDC_PRIVATE_KEY_FILE: linkTo(fileOf(pemOf(rsa), 0o600), 0o777) },
  ],
  [
    'a .env file that all can write, with the path of the key',
    'error',
    'FILE_WRITABLE_BY_OTHERS',
    sound,
    { settingsFile: fileOf('OIDC_PRIVATE_KEY_FILE=/run/key.pem', 0o602) },
  ],
  [
    'a .env file with the credentials of a store that all can read',
    'warning',
    'FILE_READABLE_BY_OTHERS',
    sound,
    { settingsFile: fileOf('VAULT_TOKEN=x', 0o604) },
  ],
  [
    'a key file that all can read',
    'warning',
    'BOOT_WARNS',
    { OIDC_PRIVATE_KEY_FILE: fileOf(pemOf(rsa), 0o644) },
  ],
  [
    'a store that all can read',
    'warning',
    'FILE_READABLE_BY_OTHERS',
    { OIDC_KEY_STORE: `file:${fileOf(keySet({ ...rs256, iat: now - 10, nbf: now - 10 }), 0o604)}` },
  ],
  [
    'a .env file that all can read',
    'warning',
    'FILE_READABLE_BY_OTHERS',
    sound,
    { settingsFile: fileOf('OIDC_PRIVATE_KEY_PASSPHRASE=x', 0o644) },
  ],
  [
    'a key that signs for more than a year',
    'warning',
    'KEY_OLDER_THAN_A_YEAR',
    {
      OIDC_KEY_STORE: `file:${fileOf(keySet({ ...rs256, iat: now - year - 60, nbf: now - year - 60 }), 0o600)}`,
    },
  ],
];

const sounds: [string, ...Parameters<typeof found>][] = [
  ['two keys', sound, { longestToken: 30 * 24 * 3600 }],
  ['a file', { OIDC_PRIVATE_KEY_FILE: fileOf(pemOf(rsa), 0o600), OIDC_NEXT_KEYS: pemOf(otherRsa) }],
  [
    'a file that all could write, in a folder that nobody enters',
    { OIDC_PRIVATE_KEY_FILE: fileOf(pemOf(rsa), 0o666, 0o700) },
  ],
  [
    'a file behind a link in a folder with the sticky bit',
    { OIDC_PRIVATE_KEY_FILE: linkTo(fileOf(pemOf(rsa), 0o600), 0o1777) },
  ],
  ['a file in a folder with the sticky bit', { OIDC_PRIVATE_KEY_FILE: fileOf(pemOf(rsa), 0o600, 0o1777) }],
  ['a store', { OIDC_KEY_STORE: `file:${fileOf(keySet({ ...rs256, iat: now - 9, nbf: now - 9 }), 0o600)}` }],
  [
    'a .env file without a secret that all can read',
    sound,
    { settingsFile: fileOf('OIDC_JWKS_MAX_AGE=1', 0o644) },
  ],
  ['a .env file that is not there', sound, { settingsFile: join(folder, '.env') }],
  ['another prefix', { APP_PRIVATE_KEY: pemOf(rsa) }, { prefix: 'APP_' }],
];

describe('an environment, checked before a deploy', () => {
  it.each(faults)('finds %s: %s %s', async (_, severity, code, ...environment) => {
    const findings = await found(...environment);
    expect(findings.filter((each) => each.code === code)).toContainEqual(
      expect.objectContaining({ severity, code }),
    );
    for (const { where, message, remedy, rule } of findings) {
      for (const text of [where, message, remedy, rule]) expect(text).toMatch(/\S/);
    }
    const traces = [rsa, otherRsa, ec, ed].flatMap(privateTraces);
    for (const trace of traces) expect(JSON.stringify(findings)).not.toContain(trace);
  });

  it.each(sounds)('finds nothing wrong with %s', async (_, ...environment) => {
    const findings = await found(...environment);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    expect(findings).toContainEqual(expect.objectContaining({ code: 'KEY_IS_CURRENT' }));
  });

  it('gives no advice about the mode of a folder that was named in place of a file', async () => {
    const findings = await found({ OIDC_PRIVATE_KEY_FILE: dirname(fileOf('', 0o600, 0o1777)) });
    expect(findings.map(({ code }) => code)).toEqual(['OIDC_KEY_UNREADABLE_FILE']);
  });

  it('says when each key signs', async () => {
    const settings = { ...sound, OIDC_NEXT_KEY_ACTIVATES_AT: '2040-01-01T00:00:00Z' };
    const messages = (await found(settings)).map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringMatching(/is next, signs from (2040-01-01|2039-12-31)T/));
  });

  it('finds that the clock of a store is another', async () => {
    // The clock of a file is that of this machine, so the clock of a secret manager is stood in for by its header.
    const { storeFindings } = await import('../../lib/doctor/environment/store-findings.js');
    const text = keySet({ ...rs256, iat: now - 9, nbf: now - 9 });
    const findings = await storeFindings({
      store: { read: async () => ({ text, version: '1', date: now - 3600 }), write: async () => false },
      decryption: { where: 'The store', passphrase: undefined, about: {} } as never,
      figures: { jwksMaxAge: 3600, keyRetention: 60, keySpread: 1, clockSkew: 60, propagationFloor: 300 },
      make: () => {
        throw new Error('nothing is made');
      },
    });
    expect(findings).toEqual([expect.objectContaining({ severity: 'error', code: 'STORE_CLOCK_DIFFERS' })]);
  });
});
