import { createPrivateKey } from 'node:crypto';
import { getEnvironmentData } from 'node:worker_threads';

import { describe, expect, it, jest } from '@jest/globals';
import { JwtService } from 'nestjs-oidc-key';
import { MemoryKeyStore, OidcKeyTestingModule, testKey } from 'nestjs-oidc-key/testing';

import { signingAlgorithms } from '../../lib/core/algorithms.js';
import { errorOf } from '../support/errors.js';
import { headerOf } from '../support/tokens.js';

describe('testKey', () => {
  it.each(signingAlgorithms)('makes a key that signs %s, once', async (algorithm) => {
    const key = testKey(algorithm);
    expect(testKey(algorithm)).toBe(key);
    expect(testKey(algorithm, 2)).not.toBe(key);
    const jwt = new JwtService({ key, algorithm });
    expect(headerOf(await jwt.sign({})).alg).toBe(algorithm);
  });

  it('is a PEM where a PEM says enough', () => {
    expect(createPrivateKey(testKey()).asymmetricKeyDetails?.modulusLength).toBe(2048);
  });

  it.each(['production', 'Production', ' PRODUCTION '])(
    'refuses where NODE_ENV became "%s" later',
    (value) => {
      const before = process.env.NODE_ENV;
      process.env.NODE_ENV = value;
      try {
        for (const use of [
          () => testKey(),
          () => OidcKeyTestingModule.forRoot({ store: new MemoryKeyStore() }),
        ]) {
          expect(errorOf(use).code).toBe('OIDC_KEY_TESTING_IN_PRODUCTION');
        }
      } finally {
        process.env.NODE_ENV = before;
      }
    },
  );

  it('knows no other algorithm', () => {
    expect(errorOf(() => testKey('HS256' as 'RS256')).message).toContain('RS256, RS384');
  });

  it('is one for all modules of a process, which test runners load anew for each file', async () => {
    const key = testKey();
    jest.resetModules();
    const { testKey: again } = await import('../../lib/testing/test-key.js');
    expect(again).not.toBe(testKey);
    expect(again()).toBe(key);
    expect(getEnvironmentData('nestjs-oidc-key/testing RS256 1')).toBe(key);
  });
});
