import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { ownKeyObject } from '../../../lib/core/reading/own-key-object.js';
import { root, run } from '../../support/processes.js';

const bundle = (file: string) => JSON.stringify(pathToFileURL(join(root, 'dist/bundle', file)).href);

/** Where the lock is waited for at all it was so after 1,600 to 5,800 keys. */
const enough = 6_000;

/** A program that collects its garbage all the time. */
async function endOf(code: string): Promise<string> {
  const aborted = AbortSignal.timeout(25_000);
  const args = ['--max-semi-space-size=1', '--input-type=module', '--eval', code];
  const { stdout, stderr } = await run(process.execPath, args, { signal: aborted, killSignal: 'SIGKILL' });
  return stdout.trim() + stderr;
}

describe('a key object of generateKeyPairSync, while its job is collected', () => {
  it.each(["'ec', { namedCurve: 'P-256' }", "'ed25519'"])('%s does not stop a boot', async (kind) => {
    const code = `
      import { generateKeyPairSync } from 'node:crypto';
      import { JwtService } from ${bundle('index.js')};
      const other = generateKeyPairSync(${kind}).privateKey.export({ format: 'pem', type: 'pkcs8' });
      for (let count = 0; count < ${enough}; count++) {
        const { privateKey, publicKey } = generateKeyPairSync(${kind});
        new JwtService({ key: privateKey });
        if (count % 10 === 0) new JwtService({ key: other, previousKeys: publicKey });
      }
      console.log('done');`;
    expect(await endOf(code)).toBe('done');
  });
});

describe('ownKeyObject', () => {
  const kinds = {
    RSA: generateKeyPairSync('rsa', { modulusLength: 2048 }),
    EC: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    Ed25519: generateKeyPairSync('ed25519'),
  };

  it.each(Object.entries(kinds))('gives the same %s key as another object', (_kind, pair) => {
    for (const key of [pair.privateKey, pair.publicKey]) {
      const own = ownKeyObject(key);
      expect(own).not.toBe(key);
      expect(own.type).toBe(key.type);
      expect(own.equals(key)).toBe(true);
    }
    expect(createPublicKey(ownKeyObject(pair.privateKey)).equals(pair.publicKey)).toBe(true);
  });

  it.each(Object.entries(kinds))(
    'copies an %s key after somebody has compared two of different kinds',
    (_kind, pair) => {
      const { RSA, EC } = kinds;
      // Node leaves an error of this in OpenSSL's queue.
      for (let time = 0; time < 3; time++) {
        expect(RSA.publicKey.equals(EC.publicKey)).toBe(false);
        expect(ownKeyObject(pair.privateKey).type).toBe('private');
        expect(RSA.publicKey.equals(EC.publicKey)).toBe(false);
        expect(ownKeyObject(pair.publicKey).type).toBe('public');
      }
    },
  );
});
