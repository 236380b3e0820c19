import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';

import { afterEach, describe, expect, it, jest } from '@jest/globals';

import { RemoteSigner } from '../../../lib/core/key/remote-signer.js';
import type { RemoteSignerOptions } from '../../../lib/core/key/remote-signer.js';
import type { Signer } from '../../../lib/core/key/signer.js';
import { rejectionOf } from '../../support/errors.js';
import { ecKey, keyNamed } from '../../support/lives.js';

const { key, signer: local } = keyNamed('k');
const other = keyNamed('other', ecKey()).signer;
const data = Buffer.from('header.payload');

class Transient extends Error {}
const judge = (error: unknown) =>
  error instanceof Transient ? { message: 'The KMS is busy.', isTransient: true } : undefined;

const signers: RemoteSigner[] = [];
const over = (sign: Signer['sign'], options: Partial<RemoteSignerOptions> = {}) => {
  const signer = new RemoteSigner({ key, where: 'kms:key', signer: { sign }, judge, ...options });
  signers.push(signer);
  return signer;
};
afterEach(() => {
  jest.useRealTimers();
  for (const each of signers.splice(0)) each.rest();
});

it('is tried again by itself outside the request that found it down', async () => {
  const requests = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  let again!: () => void;
  const tried = new Promise<void>((resolve) => (again = resolve));
  const signer = over((bytes) => {
    seen.push(requests.getStore());
    if (seen.length === 1) return Promise.reject(new Error('down'));
    again();
    return local.sign(bytes);
  });
  await requests.run('of alice', () => rejectionOf(signer.sign(data)));
  await tried;
  expect(seen).toEqual(['of alice', undefined]);
});

describe('attack 47: a signer that is elsewhere', () => {
  const mistakes: [string, () => Promise<unknown>][] = [
    ['signs with another key', () => other.sign(data)],
    ['signs other data', () => local.sign(Buffer.from('other'))],
    [
      'answers what it answered before',
      (() => {
        const first = local.sign(Buffer.from('first'));
        return () => first;
      })(),
    ],
    ['answers half', async () => (await local.sign(data)).subarray(0, 32)],
    ['answers nothing', async () => undefined],
    ['answers a text', async () => (await local.sign(data)).toString('base64')],
  ];

  it.each(mistakes)('that %s makes no token', async (_, sign) => {
    let asked = 0;
    const signer = over(() => {
      asked += 1;
      return sign() as Promise<Buffer>;
    });
    const error = await rejectionOf(signer.sign(data));
    expect([error.code, asked]).toEqual(['OIDC_KEY_MISMATCH', 1]);
    expect(signer.failure).toMatchObject({ message: error.message, since: expect.any(Date) });
  });

  it('that answers never is waited for as long as it is said, and asked to stop', async () => {
    let signal: AbortSignal | undefined;
    const signer = over((_, given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    jest.useFakeTimers();
    const failed = rejectionOf(signer.sign(data));
    await jest.advanceTimersByTimeAsync(2_999);
    expect(signal!.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    const error = await failed;
    expect([error.code, error.message, signal!.aborted]).toEqual([
      'OIDC_KEY_SIGNER_FAILED',
      expect.stringContaining('within 3 s'),
      true,
    ]);
  });

  it('that answers late makes no token for somebody else', async () => {
    const answers: ((signature: Buffer) => void)[] = [];
    const signer = over(() => new Promise((resolve) => answers.push(resolve)));
    jest.useFakeTimers();
    const first = rejectionOf(signer.sign(data));
    await jest.advanceTimersByTimeAsync(3_000);
    await first;
    jest.useRealTimers();
    const second = signer.sign(Buffer.from('second'));
    while (answers.length < 2) await wait(1);
    answers[0]!(await local.sign(data));
    answers[1]!(await local.sign(Buffer.from('second')));
    await expect(second).resolves.toBeInstanceOf(Buffer);
  });
});

describe('a signer that fails', () => {
  it('is asked again where that may help, and nobody notices', async () => {
    let left = 3;
    const changed = jest.fn();
    const signer = over(
      async (each) => {
        if (left-- > 0) throw new Transient();
        return local.sign(each);
      },
      { changed },
    );
    await expect(signer.sign(data)).resolves.toHaveLength(64);
    expect(changed).not.toHaveBeenCalled();
  });

  it('is not asked again where that does not help', async () => {
    let asked = 0;
    const signer = over(async () => {
      asked += 1;
      throw new Error('denied for hvs.secret');
    });
    const error = await rejectionOf(signer.sign(data));
    expect([error.code, asked]).toEqual(['OIDC_KEY_SIGNER_FAILED', 1]);
    expect(JSON.stringify([error.message, error.stack, error.cause])).not.toContain('hvs.');
  });

  it('is left alone after five failures, and tried again by itself until it works', async () => {
    let asked = 0;
    let isUp = false;
    const said: (string | undefined)[] = [];
    const signer = over(
      async (each) => {
        asked += 1;
        if (!isUp) throw new Error('down');
        return local.sign(each);
      },
      { changed: (error) => said.push(error?.message) },
    );
    for (let index = 0; index < 5; index++) await rejectionOf(signer.sign(data));
    expect(asked).toBe(5);
    expect((await rejectionOf(signer.sign(data))).code).toBe('OIDC_KEY_SIGNER_FAILED');
    expect(asked).toBe(5);
    isUp = true;
    while (signer.failure) await wait(20);
    expect(asked).toBe(6);
    await expect(signer.sign(data)).resolves.toHaveLength(64);
    expect(said).toEqual([expect.stringContaining('kms:key'), undefined]);
  });

  it('that nobody is to ask any more is not tried again, and answers whoever does', async () => {
    let asked = 0;
    let isUp = false;
    const signer = over(async (each) => {
      asked += 1;
      if (!isUp) throw new Error('down');
      return local.sign(each);
    });
    for (let index = 0; index < 6; index++) await rejectionOf(signer.sign(data));
    expect(asked).toBe(5);
    signer.rest();
    expect(signer.failure).toBeUndefined();
    isUp = true;
    await wait(1_100);
    expect(asked).toBe(5);
    await expect(signer.sign(data)).resolves.toHaveLength(64);
  });

  it('whose request was refused is not taken to be down', async () => {
    let asked = 0;
    const refused = () => ({ message: 'The input is too long.', isTransient: false });
    const signer = over(
      async () => {
        asked += 1;
        throw new Error('too long');
      },
      { judge: refused },
    );
    for (let index = 0; index < 8; index++) await rejectionOf(signer.sign(data));
    expect(asked).toBe(8);
  });
});

it('no more than 16 requests are under way, and the rest wait their turn', async () => {
  let running = 0;
  let most = 0;
  const signer = over(async (each) => {
    most = Math.max(most, (running += 1));
    await wait(2);
    running -= 1;
    return local.sign(each);
  });
  const inputs = Array.from({ length: 100 }, (_, index) => Buffer.from(`${index}`));
  const signatures = await Promise.all(inputs.map((each) => signer.sign(each)));
  expect(most).toBe(16);
  for (const [index, signature] of signatures.entries()) {
    expect(key.verifiesNow(inputs[index]!, signature)).toBe(true);
  }
});
