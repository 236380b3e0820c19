import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { misspeltSettings } from '../../lib/sources/misspelt-settings.js';
import { makeRsaKey, pemOf } from '../support/keys.js';
import { cleanEnvironment, root, run } from '../support/processes.js';

const line = pemOf(makeRsaKey()).trim().replaceAll('\n', '\\n');
const script = join(root, 'test/support/application-of-settings.mjs');

/** Boots an application in a folder whose `.env` is this; what it logged and printed. */
async function bootWith(settings: Record<string, string>, prefix = 'OIDC_') {
  const folder = mkdtempSync(join(tmpdir(), 'oidc-key-env-'));
  const lines = Object.entries(settings).map(([name, value]) => `${name}="${value}"`);
  writeFileSync(join(folder, '.env'), lines.join('\n'));
  const { stdout, stderr } = await run(process.execPath, [script, prefix], {
    cwd: folder,
    env: cleanEnvironment(),
  });
  return stdout + stderr;
}

/** A name in `.env`, the name that was meant, and the prefix of the module. */
const misspelt: [string, string, string?][] = [
  ['OIDC_PRIVTE_KEY', 'OIDC_PRIVATE_KEY'],
  ['OIDC_PRIVATE_KEY_FLIE', 'OIDC_PRIVATE_KEY_FILE'],
  ['oidc_private_key', 'OIDC_PRIVATE_KEY'],
  ['ODIC_PRIVATE_KEY', 'OIDC_PRIVATE_KEY'],
  ['RSA_PRIVTE_KEY_PEM', 'RSA_PRIVATE_KEY_PEM'],
  ['RSA_PRIVATE_PEM', 'RSA_PRIVATE_KEY_PEM'],
  ['ADMIN_OIDC_PRIVATE_KYE', 'ADMIN_OIDC_PRIVATE_KEY', 'ADMIN_OIDC_'],
  ['admin_oidc_private_key', 'ADMIN_OIDC_PRIVATE_KEY', 'ADMIN_OIDC_'],
];

it.each(misspelt)('%s in a .env, where no other key is, is said beside the error', async (...row) => {
  const [name, meant, prefix] = row;
  const printed = await bootWith({ [name]: line }, prefix);
  expect(printed).toContain(`The setting ${name} is read by nothing. Was ${meant} meant?`);
  expect(printed).toContain('OIDC_KEY_MISSING');
  expect(printed).not.toContain(line.slice(40, 80));
});

describe('where a key is set', () => {
  const said = (names: Record<string, string>, prefix = 'OIDC_') => {
    const values: Record<string, string> = { [`${prefix}PRIVATE_KEY`]: 'x', ...names };
    return misspeltSettings({ get: (name) => values[name], names: () => Object.keys(values) }, prefix);
  };

  it.each([
    ['a setting of another issuer', { OIDC2_PREVIOUS_KEYS: 'a' }],
    ['a setting of another issuer whose prefix begins so', { OIDC_B_PRIVATE_KEY: 'a' }],
    ['a key of somebody else', { RSA_PRIVATE_KEY: 'a' }],
    ['a setting of the application', { OIDC_ISSUER: 'a', OIDC_CLIENT_SECRET: 'a', oidc_issuer: 'a' }],
    ['the same setting in other letters, as Windows has it', { oidc_private_key: 'x' }],
  ])('nothing is said of %s', (_, names) => {
    expect(said(names)).toEqual([]);
  });

  it.each([
    ['oidc-previous-keys', 'OIDC_PREVIOUS_KEYS'],
    ['Oidc_Revoked_Kids', 'OIDC_REVOKED_KIDS'],
    ['OCID_JWKS_MAXAGE', 'OIDC_JWKS_MAX_AGE'],
    ['RSA_PRIVATE_KEY_PERM', 'RSA_PRIVATE_KEY_PEM'],
  ])('%s is said', (name, meant) => {
    expect(said({ [name]: 'a' })).toEqual([`The setting ${name} is read by nothing. Was ${meant} meant?`]);
  });

  it('the alias is none under another prefix', () => {
    expect(said({ RSA_PRIVATE_KEY_PERM: 'a' }, 'ADMIN_')).toEqual([]);
  });
});
