import { describe, expect, it } from '@jest/globals';

import type { CommandContext } from '../../../lib/core/key-set/add-key.js';
import { init } from '../../../lib/core/key-set/init.js';
import { KeySet } from '../../../lib/core/key-set/key-set.js';
import { madeOnce } from '../../../lib/core/key-set/new-key.js';
import type { Outcome } from '../../../lib/core/key-set/outcome.js';
import { readStored } from '../../../lib/core/key-set/plain-keys.js';
import { retire } from '../../../lib/core/key-set/retire.js';
import { revoke } from '../../../lib/core/key-set/revoke.js';
import { rotate, tidy } from '../../../lib/core/key-set/rotate.js';
import type { RotateOptions } from '../../../lib/core/key-set/rotate.js';
import { runNow } from '../../../lib/core/key/steps.js';
import { epoch, figures, making, privateKeyNamed, setOf, told, written } from '../../support/key-sets.js';
import type { KeyOfTest } from '../../support/key-sets.js';

const year = 365 * 24 * 3600;
const a: KeyOfTest = { kid: 'a', iat: 0, nbf: 0 };
const b: KeyOfTest = { kid: 'b', iat: 500, nbf: 600 };
const ed: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 };
/** The kid of a key that was made is its thumbprint. */
const thumbprint = (name: string) => runNow(readStored({ name, value: privateKeyNamed(name) })).keys[0]!.kid;
const fresh = { kid: thumbprint('new') };

const at = (t: number, ...names: string[]): CommandContext => ({
  t: epoch + t,
  figures,
  make: making(...names),
});

const sentencesOf = (outcome: Outcome) =>
  outcome.type === 'refused' ? [outcome.sentence] : outcome.sentences;
const refusal = (outcome: Outcome) => (outcome.type === 'refused' ? outcome.code : outcome.type);

describe('init', () => {
  it('makes one private key, published and signing from now on', async () => {
    const set = written(await init(undefined, at(7, 'new'), 'ES256'));
    expect(told(set)).toEqual([{ ...fresh, iat: 7, nbf: 7 }]);
  });

  it('leaves keys that are there as they are', async () => {
    expect(refusal(await init(setOf(a), at(7)))).toBe('KEY_SET_EXISTS');
  });
});

describe('rotate', () => {
  const rotated = async (keys: KeyOfTest[], t: number, options?: RotateOptions) =>
    rotate(setOf(...keys), at(t, 'new', 'newer'), options);

  it.each<[string, KeyOfTest[], number, KeyOfTest[]]>([
    [
      'adds a key that signs when it is known, and gives the old one its end',
      [a],
      1000,
      [
        { ...a, exp: 1100 + 1030 },
        { ...fresh, iat: 1000, nbf: 1100 },
      ],
    ],
    [
      'leaves an end that is there',
      [{ ...a, exp: 5000 }, b],
      700,
      [
        { ...a, exp: 5000, isPublic: true },
        { ...b, exp: 800 + 1030 },
        { ...fresh, iat: 700, nbf: 800 },
      ],
    ],
    [
      'makes a plain key one that has always been there',
      [{ kid: 'a' }],
      1000,
      [
        { kid: 'a', exp: 2130 },
        { ...fresh, iat: 1000, nbf: 1100 },
      ],
    ],
  ])('%s', async (_, keys, t, result) => {
    expect(told(written(await rotated(keys, t)))).toEqual(result);
  });

  it('does not call a key waiting that signs in place of a revoked one', async () => {
    const keys = [{ ...a, revoked: 550 }, b];
    const [sentence] = sentencesOf(await rotated(keys, 560));
    expect(sentence).toMatch(
      /^ES256 key b signs already, since the key before it was revoked, .* from \S+Z\. Rotate again after that\.$/,
    );
    const [ofRetire] = sentencesOf(retire(setOf(...keys, ed), 'b', at(560)));
    expect(ofRetire).toMatch(/^ES256 key b signs already.*Retire it after that/);
    const [waits] = sentencesOf(await rotated([a, b], 560));
    expect(waits).toMatch(/^ES256 key b waits and signs from .*or revoke it if it must not sign\.$/);
  });

  it.each<[string, KeyOfTest[], number, RotateOptions, string]>([
    ['while a key waits', [a, b], 599, {}, 'KEY_WAITS'],
    ['while a key of that algorithm waits', [a, b, ed], 599, { algorithm: 'ES256' }, 'KEY_WAITS'],
    ['not because another algorithm has one that waits', [a, b, ed], 599, { algorithm: 'EdDSA' }, 'write'],
    ['not because one that waits was revoked', [a, { ...b, revoked: 550 }], 599, {}, 'write'],
    ['not once it signs', [a, b], 600, {}, 'write'],
    ['where all was retired', [{ ...a, isPublic: true, exp: 5000 }], 599, {}, 'KEY_SET_MISSING'],
  ])('is refused %s', async (_, keys, t, options, result) => {
    expect(refusal(await rotated(keys, t, options))).toBe(result);
  });

  it('is refused where there is nothing yet', async () => {
    expect(refusal(await rotate(undefined, at(0)))).toBe('KEY_SET_MISSING');
  });

  it.each<[string, KeyOfTest[], number, number, string[]]>([
    ['is not due within the period, counted from iat', [a], 999, 1000, []],
    ['is due after it', [a], 1000, 1000, ['ES256']],
    ['is not due while a key waits', [a, b], 599, 10, []],
    ['each algorithm by itself', [a, { ...ed, iat: 900, nbf: 900 }], 1000, 1000, ['ES256']],
    ['a revoked key does not count', [a, { ...b, revoked: 700 }], 1000, 900, ['ES256']],
    [
      'is due where nothing can sign',
      [{ ...a, iat: 900, nbf: 900, revoked: 950 }, ed],
      1000,
      9999,
      ['ES256'],
    ],
    ['is due where a key has always been there', [{ kid: 'a' }], 1000, 99999, ['ES256']],
    ['does not take up what was retired', [a, { ...ed, isPublic: true, exp: 1500 }], 1000, 1000, ['ES256']],
    [
      'nor what was retired after an older key was revoked',
      [a, { ...ed, kid: 'f', revoked: 600 }, { ...ed, iat: 50, nbf: 60, isPublic: true, exp: 1500 }],
      1000,
      1000,
      ['ES256'],
    ],
    [
      'nor where a newer key was revoked before',
      [
        a,
        { ...ed, iat: 50, nbf: 60, isPublic: true, exp: 1500 },
        { kid: 'f', alg: 'EdDSA', iat: 300, nbf: 400, revoked: 350 },
      ],
      1000,
      1000,
      ['ES256'],
    ],
    [
      'is due where what is young cannot sign',
      [
        { ...a, iat: 900, nbf: 900, isPublic: true, exp: 920 + 1030 },
        { ...b, iat: 910, nbf: 920, revoked: 990 },
        { ...ed, iat: 900, nbf: 900 },
      ],
      1000,
      1000,
      ['ES256'],
    ],
    [
      'but what a revocation has left without a key',
      [
        { ...a, iat: 900, nbf: 900 },
        { ...ed, isPublic: true, exp: 400 + 1030 },
        { kid: 'f', alg: 'EdDSA', iat: 300, nbf: 400, revoked: 990 },
      ],
      1000,
      1000,
      ['EdDSA'],
    ],
  ])('--every: %s', async (_, keys, t, every, algs) => {
    const before = setOf(...keys);
    const outcome = await rotate(before, at(t, 'new', 'newer'), { every });
    const made = outcome.type === 'write' ? outcome.keySet.keys.filter((key) => !before.has(key)) : [];
    expect(made.map(({ alg }) => alg)).toEqual(algs);
    expect(outcome.type).not.toBe('refused');
  });

  it('--every tidies where nothing is due, if there is something', async () => {
    const set = setOf({ ...a, exp: 5000 }, b);
    const outcome = await rotate(set, at(631), { every: 9999 });
    expect(told(written(outcome))).toEqual([{ ...a, exp: 5000, isPublic: true }, b]);
    expect((await rotate(written(outcome), at(632), { every: 9999 })).type).toBe('nothing due');
  });

  it('--algorithm makes the first key of a further algorithm, which waits', async () => {
    const set = written(await rotated([a], 1000, { algorithm: 'EdDSA', every: 5 }));
    expect(told(set)).toEqual([a, { kid: thumbprintOfEd('new'), alg: 'EdDSA', iat: 1000, nbf: 1100 }]);
  });

  it('keeps the name that the algorithm has', async () => {
    const jwk = privateKeyNamed('ed', 'EdDSA').export({ format: 'jwk' });
    const set = runNow(readStored({ name: 'x', value: { ...jwk, alg: 'Ed25519' } }));
    const make = () => ({ privateKey: privateKeyNamed('new', 'EdDSA') });
    const alg = written(await rotate(set, { ...at(0), make })).keys.map((key) => key.alg);
    expect(alg).toEqual(['Ed25519', 'Ed25519']);
  });

  it('says that a plain key becomes a key set, and nothing of it later', async () => {
    const plain = runNow(readStored({ name: 'x', value: privateKeyNamed('a') }));
    const first = await rotate(plain, at(0, 'new'));
    expect(sentencesOf(first)[0]).toMatch(/plain key becomes a key set/);
    const second = await rotate(written(first), at(200, 'newer'));
    expect(sentencesOf(second).join()).not.toMatch(/plain/);
  });

  it('takes the same key when it is tried again', async () => {
    const make = madeOnce(making('new', 'newer'));
    const kids = async () =>
      written(await rotate(setOf(a), { ...at(1000), make })).keys.map(({ kid }) => kid);
    expect(await kids()).toEqual(await kids());
  });

  it('is the newest whatever the clocks say', async () => {
    const set = setOf({ kid: 'x', iat: 2000 });
    expect(written(await rotate(set, at(1000, 'new'))).keys.at(-1)?.kid).toBe(fresh.kid);
  });
});

function thumbprintOfEd(name: string): string {
  return runNow(readStored({ name, value: privateKeyNamed(name, 'EdDSA') })).keys[0]!.kid;
}

describe('revoke', () => {
  it.each<[string, KeyOfTest[], string, number, KeyOfTest[], object?]>([
    [
      'leaves the one before, if it can sign, and nothing is made',
      [{ ...a, exp: 5000 }, b],
      'b',
      620,
      [a, { kid: 'b', iat: 500, nbf: 600, revoked: 620 }],
    ],
    ['lets the waiting one sign', [{ ...a, exp: 5000 }, b], 'a', 550, [{ ...a, exp: 5000, revoked: 550 }, b]],
    [
      'also in the second in which that was made, and where clocks differ',
      [a, { ...b, iat: 505, nbf: 605 }],
      'a',
      500,
      [
        { ...a, revoked: 506 },
        { ...b, iat: 505, nbf: 605 },
      ],
    ],
    [
      'makes a key without nbf where nothing is left',
      [a],
      'a',
      500,
      [
        { ...a, revoked: 500 },
        { ...fresh, iat: 500 },
      ],
    ],
    ['--no-rotate makes none', [a], 'a', 500, [{ ...a, revoked: 500 }], { noRotate: true }],
    [
      'nor is one made for a key that signed no more',
      [{ ...ed, isPublic: true, exp: 9000 }, a],
      'e',
      500,
      [a, { ...ed, exp: 9000, revoked: 500 }],
    ],
    [
      'nothing that is published no more comes back',
      [{ ...a, exp: 700 }, b],
      'b',
      1700,
      [
        { kid: 'b', iat: 500, nbf: 600, revoked: 1700 },
        { ...fresh, iat: 1700 },
      ],
    ],
    [
      'a key whose time is over is revoked all the same',
      [{ ...a, exp: 700, isPublic: true }, b],
      'a',
      1700,
      [{ ...a, exp: 700, revoked: 1700 }, b],
    ],
    [
      'one that waits for longer than clocks differ is no replacement',
      [a, { ...b, iat: 700, nbf: 800 }, { kid: 'e', alg: 'EdDSA' }],
      'a',
      500,
      [
        { ...a, revoked: 500 },
        { ...fresh, iat: 500, exp: 800 + 1030 },
        { ...b, iat: 700, nbf: 800 },
        { kid: 'e', alg: 'EdDSA' },
      ],
    ],
    [
      'a key held elsewhere keeps its reference, since it may have to be disabled there once more',
      [{ ...a, signer: 'kms:a' }],
      'a',
      500,
      [
        { ...a, revoked: 500, signer: 'kms:a' },
        { ...fresh, iat: 500 },
      ],
    ],
  ])('%s', async (_, keys, kid, t, result, options = {}) => {
    expect(told(written(await revoke(setOf(...keys), kid, at(t, 'new'), options)))).toEqual(result);
  });

  it('takes the private half out of the document, and writes the reason', async () => {
    const set = written(await revoke(setOf(a, b), 'a', at(650), { reason: 'lost' }));
    const [revoked] = set.toDocument().keys;
    expect(revoked).toMatchObject({ kid: 'a', revoked: { revoked_at: epoch + 650, reason: 'lost' } });
    expect(revoked).not.toHaveProperty('d');
  });

  it('is by kid or by thumbprint, and what nobody has is refused', async () => {
    const set = setOf(a, b);
    const { thumbprint: name } = set.keys[0]!;
    expect(written(await revoke(set, name, at(650))).named('a')?.revoked).toBeDefined();
    expect(refusal(await revoke(set, 'z', at(650)))).toBe('KEY_UNKNOWN');
    expect(refusal(await revoke(undefined, 'a', at(650)))).toBe('KEY_UNKNOWN');
  });

  it('is not done twice: the first instant stays', async () => {
    const set = setOf({ ...a, revoked: 100 }, b);
    expect((await revoke(set, 'a', at(650))).type).toBe('nothing due');
  });

  it('the new key is newer than everything that signs no more, whatever the clocks say', async () => {
    const set = setOf({ ...a, iat: 600, nbf: 605, isPublic: true, exp: 9000 }, { ...b, nbf: 610 });
    const result = written(await revoke(set, 'b', at(600, 'new')));
    expect(result.unrevokedOf(result.algorithms[0]!).at(-1)?.kid).toBe(fresh.kid);
  });
});

describe('retire', () => {
  it('takes the private half, and sets the end', () => {
    expect(told(written(retire(setOf(a, ed), 'e', at(500))))).toEqual([
      a,
      { ...ed, exp: 500 + 1030, isPublic: true },
    ]);
  });

  it.each<[string, KeyOfTest[], string, number, string]>([
    ['a key that nobody has', [a, ed], 'z', 500, 'KEY_UNKNOWN'],
    ['the only algorithm', [a], 'a', 500, 'KEY_NEEDED'],
    [
      'where the other algorithm does not sign yet',
      [a, { ...ed, iat: 450, nbf: 550 }],
      'a',
      500,
      'KEY_NEEDED',
    ],
    ['where another of its algorithm waits', [a, { ...b, iat: 450, nbf: 550 }, ed], 'a', 500, 'KEY_NEEDED'],
    ['a key that waits', [a, { ...ed, iat: 450, nbf: 550 }], 'e', 500, 'KEY_NEEDED'],
    ['one that another has followed', [a, b, ed], 'a', 700, 'KEY_NEEDED'],
    ['one that signs no more', [{ ...a, exp: 9000, isPublic: true }, ed], 'a', 700, 'KEY_NEEDED'],
    ['a revoked one', [{ ...a, revoked: 10 }, ed], 'a', 700, 'KEY_NEEDED'],
  ])('refuses %s', (_, keys, kid, t, code) => {
    expect(refusal(retire(setOf(...keys), kid, at(t)))).toBe(code);
  });
});

describe('tidying', () => {
  it.each<[string, KeyOfTest[], number, KeyOfTest[] | undefined]>([
    [
      'a key keeps its private half while another replica may sign with it',
      [{ ...a, exp: 5000 }, b],
      630,
      undefined,
    ],
    ['and loses it then', [{ ...a, exp: 5000 }, b], 631, [{ ...a, exp: 5000, isPublic: true }, b]],
    [
      'counted from when the successor is known',
      [
        { ...a, exp: 5000 },
        { ...b, iat: 600, nbf: 600 },
      ],
      730,
      undefined,
    ],
    [
      'its signer goes too',
      [{ ...a, signer: 'kms:a', exp: 5000 }, b],
      631,
      [{ ...a, exp: 5000, isPublic: true }, b],
    ],
    [
      'and from its nbf',
      [
        { ...a, exp: 5000 },
        { ...b, nbf: 900 },
      ],
      930,
      undefined,
    ],
    ['one that is only revoked away is no successor', [a, { ...b, revoked: 610 }], 5000, undefined],
    ['what is over goes', [{ ...a, exp: 1700, isPublic: true }, b], 1700, [b]],
    ['not before its end', [{ ...a, exp: 1700, isPublic: true }, b], 1699, undefined],
    [
      'nor before its successor has signed for long enough, and its end says so then',
      [{ ...a, exp: 700, isPublic: true }, b],
      1629,
      [{ ...a, exp: 1630, isPublic: true }, b],
    ],
    ['what was retired goes at its end', [{ ...a, exp: 700, isPublic: true }, ed], 700, [ed]],
    [
      'but says that it was retired for as long as a revoked key of its algorithm stays',
      [{ ...a, revoked: 5 }, { ...b, exp: 700, isPublic: true }, ed],
      900,
      undefined,
    ],
    ['a revoked entry stays for a year', [{ ...a, revoked: 5 }, b], 5 + year, undefined],
    ['and goes then', [{ ...a, revoked: 5 }, b], 6 + year, [b]],
  ])('%s', (_, keys, t, result) => {
    const outcome = tidy(setOf(...keys), at(t));
    expect(outcome.type === 'write' ? told(outcome.keySet) : undefined).toEqual(result);
  });

  it('takes away the private half that somebody left in a revoked entry', () => {
    const [first] = setOf(a).keys;
    const set = new KeySet([first!.with({ revoked: { revoked_at: epoch } }), ...setOf(b).keys]);
    expect(written(tidy(set, at(700))).keys.map(({ hasPrivateHalf }) => hasPrivateHalf)).toEqual([
      false,
      true,
    ]);
  });

  it('leaves a plain key alone', () => {
    const plain = runNow(readStored({ name: 'x', value: privateKeyNamed('a') }));
    expect(tidy(plain, at(9000)).type).toBe('nothing due');
  });
});

describe('every write', () => {
  it('says of each key what will happen when', async () => {
    const set = setOf(a, { ...ed, revoked: 50 });
    const outcome = await rotate(set, at(1000, 'new'), { algorithm: 'ES256' });
    expect(sentencesOf(outcome)).toEqual([
      'ES256 key a signs until 2030-03-17T18:05:00Z, and is published until 2030-03-17T18:22:10Z.',
      `ES256 key ${fresh.kid} is published and signs from 2030-03-17T18:05:00Z.`,
      'EdDSA key e is revoked since 2030-03-17T17:47:30Z, and is neither published nor accepted.',
      'No key signs for EdDSA.',
    ]);
  });
});
