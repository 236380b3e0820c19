import { describe, expect, it } from '@jest/globals';

import { unite, writeUnion } from '../../../lib/core/key-set/unite.js';
import type { KeySet } from '../../../lib/core/key-set/key-set.js';
import { epoch, figures, making, setOf, told, written } from '../../support/key-sets.js';
import type { KeyOfTest } from '../../support/key-sets.js';

const a: KeyOfTest = { kid: 'a', iat: 0, nbf: 0 };
const aEnds = { ...a, exp: 1630 };
const b: KeyOfTest = { kid: 'b', iat: 500, nbf: 600 };
const c: KeyOfTest = { kid: 'c', iat: 501, nbf: 601 };
const emergency: KeyOfTest = { kid: 'c', iat: 501 };
const aRevoked = { ...a, revoked: 501 };
const ed: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 502, nbf: 602 };

const versionsOf = (...versions: readonly KeyOfTest[][]) =>
  versions.map((keys) => setOf(...keys)) as unknown as [KeySet, ...KeySet[]];

describe('versions that were written beside each other', () => {
  it.each<[string, KeyOfTest[][], KeyOfTest[]]>([
    [
      'of two that rotated, the earlier version’s key stays',
      [
        [aEnds, b],
        [{ ...a, exp: 1631 }, c],
      ],
      [{ ...a, exp: 1631 }, b],
    ],
    [
      'in whatever order their instants are',
      [
        [{ ...a, exp: 1631 }, c],
        [aEnds, b],
      ],
      [{ ...a, exp: 1631 }, c],
    ],
    [
      'a key of another algorithm is no rival',
      [
        [aEnds, b],
        [a, ed],
      ],
      [a, b, ed],
    ],
    [
      'two who revoked, and made a key each',
      [
        [aRevoked, { ...emergency, kid: 'd', iat: 500 }],
        [aRevoked, emergency],
      ],
      [aRevoked, { kid: 'd', iat: 500 }],
    ],
    [
      'a key that both know is no rival of what one of them added',
      [
        [aEnds, b],
        [aEnds, b, { kid: 'd', iat: 700, nbf: 800 }],
      ],
      [aEnds, b, { kid: 'd', iat: 700, nbf: 800 }],
    ],
    [
      'of three, where the second wrote the union of two',
      [
        [aEnds, b],
        [aEnds, c],
        [aEnds, b],
        [aEnds, { ...c, kid: 'd' }],
      ],
      [aEnds, b],
    ],
    [
      'no revocation is lost, whichever version has it',
      [
        [aRevoked, emergency],
        [aEnds, { ...b, kid: 'd', iat: 700, nbf: 800 }],
      ],
      [{ ...a, revoked: 501 }, emergency],
    ],
    [
      'a revoked key stays revoked where a later version has its private half',
      [
        [aRevoked, emergency],
        [a, ed],
      ],
      [aRevoked, emergency, ed],
    ],
    [
      'a key that was made beside a revocation replaces what was revoked, whatever the clocks said',
      [
        [aEnds, b],
        [{ ...a, revoked: 450 }, emergency],
      ],
      [{ ...a, revoked: 501 }, b].map((key) => (key.kid === 'a' ? { ...key, exp: undefined } : key)),
    ],
    [
      'a private half is there if any version has it',
      [
        [{ ...aEnds, isPublic: true }, b],
        [aEnds, b, ed],
      ],
      [aEnds, b, ed],
    ],
    [
      'a retirement at the same time is lost',
      [
        [{ ...a, exp: 1600, isPublic: true }, ed],
        [a, ed, { kid: 'b', iat: 500, nbf: 600 }],
      ],
      [a, b, ed],
    ],
    [
      'of two ends the later one holds',
      [
        [aEnds, b],
        [{ ...aEnds, exp: 2000 }, b],
      ],
      [{ ...aEnds, exp: 2000 }, b],
    ],
  ])('%s', (_, versions, result) => {
    const united = told(unite(versionsOf(...versions))).map((key) => withoutExpOfRevoked(key));
    expect(united).toEqual(result.map((key) => withoutExpOfRevoked(key)));
  });

  it('come to the same for all who read them', () => {
    const versions = versionsOf([aEnds, b], [aRevoked, emergency], [a, ed]);
    expect(unite(versions).toText()).toBe(
      unite(versionsOf([aEnds, b], [aRevoked, emergency], [a, ed])).toText(),
    );
  });

  it('keep what nobody knows, and no base', () => {
    const [first, second] = versionsOf([a], [a, b]) as unknown as [KeySet, KeySet];
    const noted = first.withBase(3).changed((key) => key.with({ exp: epoch + 5 }));
    expect(unite([noted, second.withBase(3)]).toDocument()).not.toHaveProperty('base');
  });
});

/** What a revoked key says of its end means nothing. */
function withoutExpOfRevoked(key: KeyOfTest): KeyOfTest {
  const { exp, ...rest } = key;
  return key.revoked === undefined && exp !== undefined ? key : rest;
}

describe('who writes a union', () => {
  const write = (versions: readonly KeyOfTest[][], t: number, ...names: string[]) =>
    writeUnion(versionsOf(...versions), { t: epoch + t, figures, make: making(...names) });

  it('gives every key the end that it needs', async () => {
    const set = written(
      await write(
        [
          [aEnds, b],
          [a, ed],
        ],
        510,
      ),
    );
    expect(told(set)).toEqual([aEnds, b, ed]);
  });

  it('makes a key where a revocation leaves nothing to sign', async () => {
    const versions = [
      [{ ...aRevoked, exp: 1630 }, b],
      [a, { ...b, revoked: 505 }, ed],
    ];
    const set = written(await write(versions, 510, 'new'));
    expect(set.keys.map(({ canSign, alg }) => [alg, canSign])).toEqual([
      ['ES256', false],
      ['ES256', true],
      ['ES256', false],
      ['EdDSA', true],
    ]);
  });

  it('of another instant than those that are there', async () => {
    const waiting = { kid: 'b', iat: 450, nbf: 510 };
    const versions = [
      [{ ...a, revoked: 440 }, waiting],
      [a, { kid: 'e', alg: 'EdDSA' as const }],
    ];
    const set = written(await write(versions, 510, 'new'));
    expect(set.of(set.algorithms[0]!).map(({ iat, nbf }) => (nbf ?? iat)! - epoch)).toEqual([0, 510, 511]);
  });

  it('makes none for an algorithm that was without one before', async () => {
    const versions = [
      [aEnds, b, { ...ed, revoked: 505 }],
      [a, { ...ed, revoked: 505 }, { kid: 'd', iat: 500, nbf: 600 }],
    ];
    expect(written(await write(versions, 510)).keys).toHaveLength(3);
  });
});
