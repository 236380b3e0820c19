import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads';

import { algorithmNamed, rsaModulus, signingAlgorithms } from '../core/algorithms.js';
import type { Algorithm, SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import { ownKeyObject } from '../core/reading/own-key-object.js';
import { refuseProduction } from './refuse-production.js';

/**
 * A private key for tests, as text: what OIDC_PRIVATE_KEY or the option `key` takes. It is made on first use, an RSA key
 * in a tenth of a second and others in no time, and is the same for as long as the thread lives. It is a PEM, or a JWK
 * where a PEM would not say that the key is for this algorithm.
 *
 * @param algorithm what the key is for. Default `RS256`
 * @param number for several keys of one algorithm. Default 1
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where there is no such algorithm or number, `OIDC_KEY_TESTING_IN_PRODUCTION`
 */
export function testKey(algorithm: SigningAlgorithm = 'RS256', number = 1): string {
  refuseProduction('used');
  const row = algorithmNamed(algorithm);
  if (!row) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      `testKey knows no such algorithm. It makes keys for ${signingAlgorithms.join(', ')}.`,
    );
  }
  if (!Number.isSafeInteger(number) || number < 1) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      'The number that testKey takes has to be a whole number from 1 on.',
    );
  }
  const name = `nestjs-oidc-key/testing ${algorithm} ${number}`;
  // Test runners load every module anew for each file of tests; this is one for the whole thread.
  const known = getEnvironmentData(name);
  if (typeof known === 'string') return known;
  const text = textOf(keyFor(row), algorithm);
  setEnvironmentData(name, text);
  return text;
}

function keyFor({ keyType, generation, modulus }: Algorithm): KeyObject {
  // The declarations know no kind of key that is chosen at run time.
  const kind = keyType as 'rsa';
  const options = { ...generation, ...(modulus && { modulusLength: rsaModulus.minimumBits }) };
  return ownKeyObject(generateKeyPairSync(kind, options as { modulusLength: number }).privateKey);
}

const saidByPem: readonly SigningAlgorithm[] = ['RS256', 'ES256', 'ES384', 'ES512', 'EdDSA'];

function textOf(key: KeyObject, alg: SigningAlgorithm): string {
  if (saidByPem.includes(alg)) return key.export({ format: 'pem', type: 'pkcs8' }).toString();
  return JSON.stringify({ ...key.export({ format: 'jwk' }), alg });
}
