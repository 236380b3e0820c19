import { describe, expect, it } from '@jest/globals';

import { viewOfKeySet } from '../../../lib/core/key-set/key-set-view.js';
import type { KeySetView } from '../../../lib/core/key-set/key-set-view.js';
import { adviceFor } from '../../../lib/core/key-set/safe-now.js';
import { statusJson } from '../../../lib/core/key-set/status-json.js';
import { shortKids, statusTable } from '../../../lib/core/key-set/status-table.js';
import { statusText } from '../../../lib/core/key-set/status-text.js';
import { timeline } from '../../../lib/core/key-set/timeline.js';
import { epoch, figures, jwkOf, setOf } from '../../support/key-sets.js';
import type { KeyOfTest } from '../../support/key-sets.js';

const a: KeyOfTest = { kid: 'key-of-spring', iat: 0, nbf: 0, exp: 1630 };
const b: KeyOfTest = { kid: 'key-of-autumn', iat: 500, nbf: 600 };
const keys = [a, b];
const viewAt = (now: number, ...of: readonly KeyOfTest[]): KeySetView =>
  viewOfKeySet({ set: setOf(...(of.length > 0 ? of : keys)), figures }, epoch + now);
const since = (instant: number | undefined) => (instant === undefined ? undefined : instant - epoch);
const brief = ({ keys: all, nextChange }: KeySetView) => [
  ...all.map((each) => [each.key.kid, each.state, since(each.since), since(each.until)]),
  since(nextChange),
];

describe('the view', () => {
  it.each<[string, number, unknown[]]>([
    [
      'before the next key is there',
      550,
      [['key-of-spring', 'signs', 0, 600], ['key-of-autumn', 'waits', 500, 600], 600],
    ],
    [
      'when it signs',
      600,
      [['key-of-spring', 'previous', 600, 1630], ['key-of-autumn', 'signs', 600, undefined], 1630],
    ],
    [
      'at the end',
      1630,
      [['key-of-spring', 'gone', 1630, undefined], ['key-of-autumn', 'signs', 600, undefined], undefined],
    ],
  ])('%s', (_, now, result) => {
    expect(brief(viewAt(now))).toEqual(result);
  });

  it('knows nothing of when a key began that has always been there', () => {
    expect(brief(viewAt(0, { kid: 'x' }))).toEqual([['x', 'signs', undefined, undefined], undefined]);
  });

  it('says since when a key is revoked, and what it was before', () => {
    const view = viewAt(700, a, { ...b, revoked: 650 });
    expect(brief(view)).toEqual([
      ['key-of-spring', 'signs', 650, undefined],
      ['key-of-autumn', 'revoked', 650, undefined],
      undefined,
    ]);
    expect(view.keys[1]!.line.map(({ state, from }) => [state, since(from)])).toEqual([
      ['unborn', -Infinity],
      ['waits', 500],
      ['signs', 600],
      ['revoked', 650],
    ]);
  });

  it('knows of a key that lost its private half when it signed', () => {
    const tidied: KeyOfTest = { ...a, exp: 3000, isPublic: true };
    const view = viewAt(1000, tidied, { ...b, revoked: 900 }, { kid: 'key-of-winter', iat: 900 });
    expect(view.keys[0]!.line.map(({ state, from }) => [state, since(from)])).toEqual([
      ['unborn', -Infinity],
      ['signs', 0],
      ['previous', 600],
      ['gone', 3000],
    ]);
  });

  it('names the algorithms that a revocation left without a key, and no others', () => {
    const lost: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0, revoked: 50 };
    const retired: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0, exp: 9000, isPublic: true };
    const waits: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 60, nbf: 160 };
    const names = (...of: KeyOfTest[]) => viewAt(100, a, ...of).withoutSigner.map(({ names: [alg] }) => alg);
    const earlier = { ...lost, kid: 'earlier', iat: -9, nbf: -9 };
    expect([names(lost), names(retired), names(earlier, retired), names(waits)]).toEqual([
      ['EdDSA'],
      [],
      [],
      [],
    ]);
  });

  it.each<[string, KeyOfTest[], number, RegExp[]]>([
    ['nothing', keys, 550, []],
    [
      'an nbf that is too near',
      [a, { ...b, nbf: 550 }],
      520,
      [/key 2 of 2.*sign 50 s after.*asks for 100 s.*--max-age/],
    ],
    [
      'as long as it matters',
      [
        { ...a, exp: 1700 },
        { ...b, nbf: 550 },
      ],
      600,
      [],
    ],
    ['nbf = iat of the first key', [{ ...b, nbf: 500 }], 510, []],
    ['nbf = iat of one that is not the first', [a, { ...b, nbf: 500 }], 510, [/sign 0 s after/]],
    [
      'an exp that is too near',
      [{ ...a, exp: 700 }, b],
      650,
      [/key 1 of 2.*go 100 s after the next.*asks for 1030 s.*--retention/],
    ],
    [
      'of a key that is retired',
      [b, { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0, exp: 500, isPublic: true }],
      450,
      [/go 500 s after it was to sign/],
    ],
    ['not of one whose exp means nothing', [{ ...a, exp: 100 }], 50, []],
    [
      'not after a revocation, where the end fits the one that was revoked',
      [
        { ...a, isPublic: true },
        { ...b, revoked: 700 },
        { kid: 'c', iat: 700 },
      ],
      800,
      [],
    ],
  ])('warns of %s', (_, of, now, warnings) => {
    expect(viewAt(now, ...of).warnings).toEqual(warnings.map((each) => expect.stringMatching(each)));
  });
});

describe('what is drawn', () => {
  const three: KeyOfTest[] = [a, { ...b, revoked: 900 }, { kid: 'key-of-winter', iat: 900 }];

  it('shortens kids to what tells them apart', () => {
    expect([...shortKids(viewAt(0)).values()]).toEqual(['key-of-s…', 'key-of-a…']);
    expect([...shortKids(viewAt(0, { ...a, kid: 'short' })).values()]).toEqual(['short']);
  });

  it('lets no kid speak to the terminal', () => {
    const view = viewAt(0, { ...a, kid: '\u001B[2Jx\n' });
    expect(statusText(view, [], { width: 80 })).not.toContain('\u001B');
    expect(statusTable(view).split('\n')).toHaveLength(2);
  });

  it('a table', () => {
    expect(`\n${statusTable(viewAt(550))}\n`).toBe(`
KID        ALG    STATE  SINCE                 UNTIL                 THEN      HELD
key-of-s…  ES256  signs  2030-03-17T17:46:40Z  2030-03-17T17:56:40Z  previous  here
key-of-a…  ES256  next   2030-03-17T17:55:00Z  2030-03-17T17:56:40Z  signs     here
`);
  });

  it('a timeline, in ASCII too', () => {
    const view = viewAt(1000, ...three);
    expect(`\n${timeline(view, { width: 56, ascii: true })}\n`).toBe(`
key-of-s… ES256  ############----###------------------
key-of-a… ES256           --######xxxxxxxxxxxxxxxxxxxxxx
key-of-w… ES256                  --#####################
              2030-03-17T18:03:20Z ^
2030-03-17T17:44:58Z to 2030-03-17T18:22:12Z, # signs  - published  x revoked
`);
    expect(timeline(view, { width: 56 }).split('\n')[0]).toBe(
      timeline(view, { width: 56, ascii: true })
        .split('\n')[0]!
        .replaceAll('#', '█')
        .replaceAll('-', '─')
        .replace('key─of─s', 'key-of-s'),
    );
  });

  it.each([1, 40, 200])('a timeline of a width of %i characters', (width) => {
    const rows = [700, 1000, 2030].flatMap((now) =>
      timeline(viewAt(now, ...three), { width })
        .split('\n')
        .slice(0, 4),
    );
    for (const row of rows) expect(row.length).toBeLessThanOrEqual(Math.max(width, 16 + 20));
  });
});

describe('what is safe now', () => {
  const advice = (now: number, ...of: readonly KeyOfTest[]) =>
    adviceFor(setOf(...of), epoch + now, figures).map(
      ({ command, isSafe, why }) => `${isSafe ? 'safe' : 'not'} ${command}: ${why}`,
    );

  it.each<[string, KeyOfTest[], number, RegExp[]]>([
    [
      'while a key waits',
      keys,
      550,
      [
        /^not rotate --algorithm ES256: a key waits already, until 2030/,
        /^not revoke key-of-spring: .*key key-of-autumn signs in its place/,
        /^not retire key-of-spring: it is not the only one/,
      ],
    ],
    [
      'when it signs early, since the key before it was revoked',
      [{ ...a, revoked: 540 }, b],
      550,
      [
        /^not rotate --algorithm ES256: the key that signs is new to relying parties, until 2030/,
        /^not revoke key-of-autumn/,
        /^not retire key-of-autumn: it signs already/,
      ],
    ],
    [
      'when it signs',
      [{ ...a, isPublic: true }, b],
      650,
      [
        /^safe rotate/,
        /^not revoke key-of-autumn: .*a new key signs/,
        /^not retire key-of-autumn: it is the only one that signs/,
      ],
    ],
    [
      'with two algorithms',
      [
        { ...a, exp: undefined as unknown as number },
        { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 },
      ].map((key) => ({ kid: key.kid, iat: 0, nbf: 0, ...('alg' in key && { alg: 'EdDSA' as const }) })),
      650,
      [
        /^safe rotate --algorithm ES256/,
        /^not revoke key-of-spring/,
        /^safe retire key-of-spring/,
        /^safe rotate --algorithm EdDSA/,
        /^not revoke e/,
        /^safe retire e/,
      ],
    ],
  ])('%s', (_, of, now, lines) => {
    expect(advice(now, ...of)).toEqual(lines.map((each) => expect.stringMatching(each)));
  });
});

describe('status', () => {
  it('as text has all of it', () => {
    const view = viewAt(550, a, { ...b, nbf: 590 });
    const text = statusText(view, adviceFor(setOf(a, b), view.now, figures), { width: 80, ascii: true });
    for (const part of [
      'KID',
      '####',
      'key-of-a… is key-of-autumn',
      'not now:',
      'Next change: 2030-03-17T17:56:40Z.',
      'Warning: ',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('as JSON has every instant, and no private half', () => {
    const json = JSON.stringify(statusJson(viewAt(550), []));
    expect(JSON.parse(json)).toMatchObject({
      now: '2030-03-17T17:55:50Z',
      nextChange: '2030-03-17T17:56:40Z',
      keys: [
        {
          kid: 'key-of-spring',
          state: 'signs',
          held: 'here',
          successor: 'key-of-autumn',
          published: true,
          signs: true,
        },
        {
          kid: 'key-of-autumn',
          state: 'waits',
          since: '2030-03-17T17:55:00Z',
          successor: null,
          revoked: null,
        },
      ],
      withoutSigner: [],
      warnings: [],
    });
    expect(json).not.toContain((jwkOf(a) as unknown as { d: string }).d);
  });
});
