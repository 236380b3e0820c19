import { describe, expect, it } from '@jest/globals';
import { parse } from 'dotenv';

import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { errorOf } from '../../support/errors.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { makeRsaKey, pemOf } from '../../support/keys.js';

const rsa = makeRsaKey();
const ec = makeKeyPair('ec', { namedCurve: 'P-256' }).privateKey;
const ed25519 = makeKeyPair('ed25519').privateKey;
const pem = pemOf(rsa);
const passphrase = 'right-passphrase';
const encryption = { format: 'pem', cipher: 'aes-256-cbc', passphrase } as const;
const wrapped = (text: string | Buffer, width: number) =>
  Buffer.from(text)
    .toString('base64')
    .replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
const json = JSON.stringify(rsa.export({ format: 'jwk' }), null, 2);

const forms: [string, string][] = [
  ['PKCS#8', pem],
  ['PKCS#1', rsa.export({ format: 'pem', type: 'pkcs1' }).toString()],
  ['PKCS#1 with the headers of its encryption', rsa.export({ ...encryption, type: 'pkcs1' }).toString()],
  ['encrypted PKCS#8', rsa.export({ ...encryption, type: 'pkcs8' }).toString()],
  ['SEC 1', ec.export({ format: 'pem', type: 'sec1' }).toString()],
  [
    'SEC 1 with its curve before it',
    `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${ec.export({ format: 'pem', type: 'sec1' }).toString()}`,
  ],
  ['Ed25519', pemOf(ed25519)],
  ['what comes out of PKCS#12', `Bag Attributes\n    localKeyID: 01\n${pem}`],
  ['a key with its description', `Private-Key: (2048 bit, 2 primes)\n${pem}`],
  ['a JWK', json],
  ['a JWK Set', `{\n  "keys": [${json}]\n}`],
  ['base64 of a PEM, as `base64` writes it', wrapped(pem, 76)],
  ['base64 of a PEM, as `openssl base64` writes it', wrapped(pem, 64)],
  ['base64 of DER', wrapped(rsa.export({ format: 'der', type: 'pkcs8' }), 64)],
  ['base64 of a JWK', wrapped(json, 76)],
];

/** `docker run --env-file` takes a line as it is, quotes included. */
const docker = (file: string) => ({ KEY: /^KEY=(.*)$/m.exec(file)?.[1] ?? '' });

describe.each(['OIDC_PRIVATE_KEY', 'OIDC_NEXT_KEYS'])(
  '%s that was cut at the end of its first line',
  (name) => {
    const load = (value: string) => loadKeyMaterial({ name, value, passphrase });
    const refusalOf = (value: string) => {
      const { code, message } = errorOf(() => load(value));
      return { code, message };
    };
    const expected = {
      code: 'OIDC_KEY_MALFORMED',
      message: expect.stringMatching(
        new RegExp(
          `^${name} is cut off: it ends after the first line.*\`\\.env\`.*quotes.*one line.*--env-file.*_FILE.*generate --env`,
        ),
      ),
    };

    it.each(forms)('%s', (_, key) => {
      expect(refusalOf(parse(`KEY=${key}`)['KEY']!)).toEqual(expected);
      for (const quote of ['', '"', "'"])
        expect(refusalOf(docker(`KEY=${quote}${key}`).KEY)).toEqual(expected);
    });

    it.each(forms)('what the message says to do reads %s', (_, key) => {
      expect(load(parse(`KEY='${key}'`)['KEY']!)).toHaveLength(1);
      const oneLine = key.trim().replaceAll('\n', '\\n');
      expect(load(parse(`KEY=${oneLine}`)['KEY']!)).toHaveLength(1);
      expect(load(docker(`KEY=${oneLine}`).KEY)).toHaveLength(1);
    });
  },
);

it('a key that is whole in one line is no first line', () => {
  const whole = ed25519.export({ format: 'der', type: 'pkcs8' }).toString('base64');
  expect(whole).toHaveLength(64);
  expect(loadKeyMaterial({ name: 'OIDC_PRIVATE_KEY', value: whole })).toHaveLength(1);
});
