import { describe, expect, it } from '@jest/globals';

import { stateAt } from '../../../lib/core/key-set/state-at.js';
import { epoch, figures, setOf } from '../../support/key-sets.js';
import type { KeyOfTest } from '../../support/key-sets.js';

/** Which rule, the keys, the instant, who signs, who else is published. */
type Row = readonly [rule: string, keys: KeyOfTest[], now: number, signs: string, published: string];

const first: KeyOfTest = { kid: 'a', iat: 0, nbf: 0 };
const next: KeyOfTest = { kid: 'b', iat: 500, nbf: 600 };
/** Signs whatever else does, so that no key has to because it is the last. */
const always: KeyOfTest = { kid: 'z', alg: 'EdDSA' };
const ed: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 500, nbf: 600 };

function made(keys: readonly KeyOfTest[], now: number, revokedElsewhere: readonly string[] = []) {
  const { signing, published } = stateAt(
    {
      set: setOf(...keys),
      figures,
      isRevokedElsewhere: ({ kid }) => revokedElsewhere.includes(kid),
    },
    epoch + now,
  );
  return {
    signs: [...signing.values()].map(({ kid }) => kid).join(' '),
    published: [...published].map(({ kid }) => kid).join(' '),
  };
}

const signing: readonly Row[] = [
  ['the first key signs at once', [first, always], 0, 'a z', 'a z'],
  ['also where this clock is behind the one that made it', [first, always], -8, 'a z', 'a z'],
  ['a next key waits for its nbf', [first, next], 599, 'a', 'a b'],
  ['and signs from it', [first, next], 600, 'b', 'a b'],
  [
    'but not before it was published for as long as this server asks',
    [first, { ...next, nbf: 510 }],
    599,
    'a',
    'a b',
  ],
  ['and then it does', [first, { ...next, nbf: 510 }], 600, 'b', 'a b'],
  ['a key without nbf signs when it is known', [first, { kid: 'b', iat: 500 }], 600, 'b', 'a b'],
  ['and not before', [first, { kid: 'b', iat: 500 }], 599, 'a', 'a b'],
  ['a key that has always been there is known', [{ kid: 'a' }, { ...next, exp: 9000 }], 0, 'a', 'a b'],
  [
    'the newest of those that may signs',
    [first, { ...next, nbf: 610 }, { ...next, kid: 'c' }],
    620,
    'b',
    'a c b',
  ],
  ['of a key held elsewhere the same holds', [first, { ...next, signer: 'kms:b' }], 600, 'b', 'a b'],
  [
    'a key without its private half signs nothing',
    [{ ...first, isPublic: true, exp: 9000 }, next, always],
    599,
    'z',
    'a b z',
  ],
];

const unguarded: readonly Row[] = [
  [
    'one made in an emergency signs at once',
    [{ ...first, revoked: 500 }, { kid: 'b', iat: 500 }, always],
    500,
    'b z',
    'b z',
  ],
  [
    'a revoked key is nobody’s elder',
    [{ ...first, revoked: 100 }, { ...next, nbf: 510 }, always],
    510,
    'z',
    'b z',
  ],
  [
    'one whose elder has lost its private half signs from its nbf, however young',
    [{ ...first, isPublic: true, exp: 9000 }, { ...next, nbf: 510 }, always],
    510,
    'b z',
    'a b z',
  ],
  [
    'and not before it',
    [{ ...first, isPublic: true, exp: 9000 }, { ...next, nbf: 510 }, always],
    509,
    'z',
    'a b z',
  ],
  [
    'of several the longest published signs',
    [
      { ...first, revoked: 500 },
      { kid: 'b', iat: 501 },
      { kid: 'c', iat: 500 },
    ],
    502,
    'c',
    'c b',
  ],
];

const replacing: readonly Row[] = [
  [
    'a waiting key signs at once where the one before it was revoked',
    [{ ...first, revoked: 501 }, next, always],
    502,
    'b z',
    'b z',
  ],
  [
    'but not where that was before it was made, as long as anything else signs',
    [{ ...first, revoked: 500 }, next, always],
    502,
    'z',
    'b z',
  ],
  [
    'where the one before still has its private half, that signs again',
    [first, { ...next, revoked: 700 }],
    701,
    'a',
    'a',
  ],
];

const further: readonly Row[] = [
  ['the first key of a further algorithm waits as any next one does', [first, ed], 599, 'a', 'a e'],
  ['and then signs', [first, ed], 600, 'a e', 'a e'],
  ['also where its nbf is nearer than this server asks for', [first, { ...ed, nbf: 510 }], 599, 'a', 'a e'],
  ['where nothing signs at all, the longest published does', [{ ...next, iat: 510 }, ed], 520, 'e', 'b e'],
];

const publishing: readonly Row[] = [
  ['a key is published from its first sight on, whatever iat says', [first, next], 400, 'a', 'a b'],
  ['without exp it stays', [{ ...first, isPublic: true }, next], 9000, 'b', 'a b'],
  ['until exp it stays', [{ ...first, exp: 2000 }, next], 1999, 'b', 'a b'],
  ['then its time is over', [{ ...first, exp: 2000 }, next], 2000, 'b', 'b'],
  [
    'but not before its successor has signed for long enough',
    [{ ...first, exp: 1000 }, next],
    1629,
    'b',
    'a b',
  ],
  ['and then it is', [{ ...first, exp: 1000 }, next], 1630, 'b', 'b'],
  [
    'which counts from when the successor is known',
    [
      { ...first, exp: 700 },
      { kid: 'b', iat: 500 },
    ],
    1629,
    'b',
    'a b',
  ],
  ['a key that signs is published whatever exp says', [{ ...first, exp: 10 }, next], 550, 'a', 'a b'],
  [
    'one that can sign and has no successor too',
    [
      { ...first, exp: 10 },
      { ...next, revoked: 550 },
    ],
    560,
    'a',
    'a',
  ],
  ['one that is to sign and does not yet too', [first, { ...ed, nbf: 510, exp: 520 }], 550, 'a', 'a e'],
  ['one that was retired goes at its exp', [{ ...first, isPublic: true, exp: 2000 }, ed], 1999, 'e', 'a e'],
  ['and not later', [{ ...first, isPublic: true, exp: 2000 }, ed], 2000, 'e', 'e'],
  ['a revoked key is not published', [first, { ...next, revoked: 650 }], 660, 'a', 'a'],
];

describe.each<[string, readonly Row[]]>([
  ['who signs', signing],
  ['guard notwithstanding', unguarded],
  ['after a revocation', replacing],
  ['several algorithms', further],
  ['what is published', publishing],
])('%s', (_, rows) => {
  it.each(rows)('%s', (_rule, keys, now, signs, published) => {
    expect(made(keys, now)).toEqual({ signs, published });
  });
});

describe('a revocation by configuration', () => {
  it('lets the waiting key sign at once, whenever it was made', () => {
    expect(made([first, next, always], 510, ['a'])).toEqual({ signs: 'b z', published: 'b z' });
  });

  it('counts for the end of an older key: its successor is the next one', () => {
    const keys = [
      { ...first, exp: 1700 },
      { ...next, exp: 99999 },
      { kid: 'c', iat: 2000, nbf: 2100 },
    ];
    expect(made(keys, 2500).published).toBe('b c');
    expect(made(keys, 2500, ['b']).published).toBe('a c');
    expect(made(keys, 3130, ['b']).published).toBe('c');
  });
});

describe('a server with larger figures than the document was written with', () => {
  it('lets a key wait longer, and stay longer', () => {
    const set = setOf({ ...first, exp: 1630 }, next);
    const larger = { ...figures, jwksMaxAge: 170, keyRetention: 2000 };
    const at = (now: number) => stateAt({ set, figures: larger }, epoch + now);
    const es256 = set.algorithms[0]!;
    expect(at(699).signing.get(es256)!.kid).toBe('a');
    expect(at(700).signing.get(es256)!.kid).toBe('b');
    expect(at(2729).published.size).toBe(2);
    expect(at(2730).published.size).toBe(1);
  });
});
