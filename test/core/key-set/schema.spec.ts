import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';

import { signingAlgorithms } from '../../../lib/core/algorithms.js';
import { init } from '../../../lib/core/key-set/init.js';
import { membersOfLife } from '../../../lib/core/key-set/key-set-document.js';
import { retire } from '../../../lib/core/key-set/retire.js';
import { revoke } from '../../../lib/core/key-set/revoke.js';
import { rotate } from '../../../lib/core/key-set/rotate.js';
import { epoch, figures, jwkOf, making, written } from '../../support/key-sets.js';
import { root } from '../../support/processes.js';
import { makeRsaKey } from '../../support/keys.js';

const schema = JSON.parse(readFileSync(join(root, 'key-set.schema.json'), 'utf8'));
const validate = new Ajv2020({
  allErrors: true,
  strict: true,
  strictRequired: false,
  strictTypes: false,
}).compile(schema);
const errorsIn = (document: unknown) => {
  // As a file has it.
  validate(JSON.parse(JSON.stringify(document)));
  return validate.errors ?? [];
};

const a = jwkOf({ kid: 'a', iat: 0, nbf: 0 });
const rsa = { ...makeRsaKey().export({ format: 'jwk' }), iat: epoch };

describe('the JSON Schema of the package', () => {
  it('names the algorithms and the members that there are', () => {
    const { properties } = schema.$defs.key;
    expect(properties.alg.enum.toSorted()).toEqual([...signingAlgorithms].toSorted());
    expect(Object.keys(properties)).toEqual(expect.arrayContaining([...membersOfLife]));
  });

  it('takes what the commands write', async () => {
    const at = (t: number, ...names: string[]) => ({ t: epoch + t, figures, make: making(...names) });
    const first = written(await init(undefined, at(0, 'x'), 'ES256'));
    const second = written(await rotate(first, at(500, 'y')));
    const third = written(await rotate(second, at(510, 'z'), { algorithm: 'EdDSA' }));
    const fourth = written(await revoke(third, third.keys[0]!.kid, at(700), { reason: 'stolen' }));
    const fifth = written(retire(fourth, fourth.keys[1]!.kid, at(701)));
    for (const set of [first, second, third, fourth, fifth, fifth.withBase(7), fifth.withBase('7f')]) {
      expect(errorsIn(set.toDocument())).toEqual([]);
    }
  });

  it.each<[string, unknown]>([
    ['an RSA key', { keys: [rsa] }],
    ['a key held elsewhere', { keys: [jwkOf({ kid: 'a', signer: 'kms:a' })] }],
    ['members that nobody knows', { keys: [{ ...a, x5t: 'x' }], issuer: 'x' }],
  ])('takes %s', (_, document) => {
    expect(errorsIn(document)).toEqual([]);
  });

  it.each<[string, unknown]>([
    ['a list', [a]],
    ['no keys', { keys: [] }],
    ['a plain JWK Set', { keys: [jwkOf({ kid: 'a' })] }],
    ['an instant as text', { keys: [{ ...a, iat: '2030-01-01' }] }],
    ['half a second', { keys: [{ ...a, nbf: 0.5 }] }],
    ['milliseconds', { keys: [{ ...a, exp: epoch * 1000 }] }],
    ['a revocation without an instant', { keys: [{ ...a, revoked: {} }] }],
    ['a signer beside a private half', { keys: [{ ...a, signer: 'kms:a' }] }],
    ['half an RSA key', { keys: [{ ...rsa, p: undefined }] }],
    ['a shared secret', { keys: [{ kty: 'oct', k: 'x', iat: 1 }] }],
    ['an algorithm that there is not', { keys: [{ ...a, alg: 'HS256' }] }],
    ['a base that is no version', { keys: [a], base: {} }],
  ])('refuses %s', (_, document) => {
    expect(errorsIn(document)).not.toEqual([]);
  });
});
