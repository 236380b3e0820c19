import { describe, expect, it } from '@jest/globals';

import { AllowedSigners } from '../../../lib/stores/allowed-signers.js';
import { errorOf } from '../../support/errors.js';

const allowed = (value: unknown) => new AllowedSigners(value, 'OIDC_SIGNERS');
const verdict = (value: unknown, reference: string) => {
  try {
    return allowed(value).find(reference, 'The key').reference;
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const refused = 'OIDC_KEY_SIGNER_NOT_ALLOWED';

describe('the signers that configuration allows', () => {
  it.each([
    ['vault-transit:transit/oidc', 'vault-transit:transit/oidc#3', true],
    ['vault-transit:transit/oidc#3', 'vault-transit:transit/oidc#3', true],
    ['vault-transit:transit/oidc#3', 'vault-transit:transit/oidc#33', false],
    ['vault-transit:transit/oidc', 'vault-transit:transit/oidc2#3', false],
    ['vault-transit:transit', 'vault-transit:transit/oidc#3', true],
    ['vault-transit:transit/', 'vault-transit:transit/oidc#3', true],
    ['vault-transit:transit', 'vault-transit:transit2/oidc#3', false],
    ['aws-kms:', 'aws-kms:arn:aws:kms:eu-west-1:111122223333:key/1', true],
    [
      'aws-kms:arn:aws:kms:eu-west-1:111122223333:key/',
      'aws-kms:arn:aws:kms:eu-west-1:111122223333:key/1',
      true,
    ],
    [
      'aws-kms:arn:aws:kms:eu-west-1:111122223333',
      'aws-kms:arn:aws:kms:eu-west-1:1111222233334:key/1',
      false,
    ],
    ['aws-kms:', 'gcp-kms:projects/p', false],
    ['pkcs11:token=t;object=o', 'pkcs11:object=o;id=%42;token=t', true],
    ['pkcs11:token=t', 'pkcs11:token=t2;id=%42', false],
    ['pkcs11:', 'vault-transit:transit/oidc#3', false],
    ['', 'vault-transit:transit/oidc#3', false],
    [undefined, 'vault-transit:transit/oidc#3', false],
  ])('%s: %s is allowed: %s', (entry, reference, isAllowed) => {
    expect(verdict(entry, reference)).toBe(isAllowed ? reference : refused);
  });

  it('a refusal names what was refused and what allows it', () => {
    const of = (reference: string) => errorOf(() => allowed('aws-kms:').find(reference, 'The key')).message;
    expect(of('vault-transit:transit/oidc#3')).toBe(
      'The key has a signer that OIDC_SIGNERS does not allow. It is vault-transit:transit/oidc#3: if this issuer is to sign ' +
        'with it, add vault-transit:transit/oidc to what is listed there.',
    );
    expect(of('pkcs11:id=%42')).toContain('add pkcs11:id=%42 to');
    expect(of('pkcs11:token=t;object=o;id=%42')).toContain('add pkcs11:token=t;object=o to');
    expect(of('-----BEGIN PRIVATE KEY-----')).not.toContain('BEGIN');
  });

  it.each([
    ['commas and lines', 'aws-kms:a,vault-transit:t/k\n  gcp-kms:p'],
    ['JSON', '["aws-kms:a","vault-transit:t/k"]'],
    ['a list', ['aws-kms:a', 'vault-transit:t/k']],
    ['objects', [{ reference: 'vault-transit:t/k' }]],
  ])('may be listed with %s', (_, value) => {
    expect(verdict(value, 'vault-transit:t/k#1')).toBe('vault-transit:t/k#1');
  });

  it.each([['{}'], ['key'], [['aws-kms:a', 5]], [5], ['-----BEGIN PRIVATE KEY-----'], ['[broken']])(
    '%j is no list, and is not repeated',
    (value) => {
      const error = errorOf(() => allowed(value));
      expect(error.code).toBe('OIDC_KEY_INVALID_OPTION');
      expect(error.message).not.toContain('BEGIN');
    },
  );

  it('what is beside the name comes from configuration, of the entry that says most', () => {
    const value = 'pkcs11:token=t?module-path=/a pkcs11:token=t;id=%42?module-path=/b';
    expect(verdict(value, 'pkcs11:token=t;id=%42')).toBe('pkcs11:token=t;id=%42?module-path=/b');
    expect(verdict(value, 'pkcs11:token=t;id=%43')).toBe('pkcs11:token=t;id=%43?module-path=/a');
  });

  it('what is beside the name never comes from a document', () => {
    expect(verdict('pkcs11:token=t', 'pkcs11:token=t?module-path=/evil.so')).toBe(refused);
    expect(verdict('pkcs11:token=t', 'pkcs11:token=t?pin-source=|sh')).toBe(refused);
  });
});

describe('an entry that says how its KMS is reached', () => {
  const reference = 'vault-transit:transit/oidc';

  it('hands on its client and its settings, of the entry that allows the key', () => {
    const [client, setting] = [{}, () => 'value'];
    const entries = ['vault-transit:', { reference, client, setting }];
    expect(allowed(entries).find(`${reference}#3`, 'The key')).toEqual({
      reference: `${reference}#3`,
      client,
      setting,
    });
    const other = allowed(entries).find('vault-transit:transit/other#3', 'The key');
    expect([other.client, other.setting]).toEqual([undefined, undefined]);
  });

  it('is refused where its settings are no function', () => {
    const { code, message } = errorOf(() => allowed([{ reference, setting: { VAULT_ADDR: 'x' } }]));
    expect(code).toBe('OIDC_KEY_INVALID_OPTION');
    expect(message).toMatch(/^OIDC_SIGNERS .* a function "setting"\.$/);
  });
});
