import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { describe, expect, it } from '@jest/globals';

import { root, run } from '../../support/processes.js';

const megabytes = 20;

/**
 * A process of its own, whose heap holds nothing but what is asked about: how many MB stay behind after the tokens of
 * one call are gone.
 */
const program = (part: 'header' | 'payload', call: 'verify' | 'decode') => `
  import { generateKeyPairSync } from 'node:crypto';
  import { JwtService } from ${JSON.stringify(pathToFileURL(join(root, 'dist/bundle/index.js')).href)};

  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwt = new JwtService({ key: privateKey });
  const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (length) => {
    const padded = (name) => (name === '${part}' ? { pad: 'x'.repeat(length) } : {});
    // Another header for each length, since one that is remembered already is not taken again.
    return encode({ alg: 'ES256', cty: String(length), ...padded('header') }) + '.' + encode(padded('payload')) + '.AAAA';
  };
  const use = async (length) => {
    await Promise.resolve(jwt.${call}(token(length))).catch(() => undefined);
  };
  // What is outside of the heap goes a collection later than what refers to it.
  const megabytesInUse = async () => {
    const seen = [];
    for (let round = 0; round < 5; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      globalThis.gc();
      const { heapUsed, external } = process.memoryUsage();
      seen.push((heapUsed + external) / 2 ** 20);
    }
    return Math.min(...seen);
  };

  await use(1);
  const before = await megabytesInUse();
  await use(${megabytes} * 2 ** 20);
  console.log(await megabytesInUse() - before);
`;

describe('memory', () => {
  it.each([
    ['payload', 'verify'],
    ['payload', 'decode'],
    ['header', 'verify'],
    ['header', 'decode'],
  ] as const)('a token with a large %s is not kept alive by %s', async (part, call) => {
    const { stdout, stderr } = await run(process.execPath, [
      '--expose-gc',
      '--input-type=module',
      '--eval',
      program(part, call),
    ]);
    expect(stderr).toBe('');
    expect(Number.parseFloat(stdout)).toBeLessThan(megabytes / 4);
  });
});
