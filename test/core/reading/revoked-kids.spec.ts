import { describe, expect, it } from '@jest/globals';

import { revokedKidsOf } from '../../../lib/core/reading/revoked-kids.js';
import { manglings } from '../../support/manglings.js';

const where = 'OIDC_REVOKED_KIDS';
const kidsOf = (value: unknown) => revokedKidsOf(value, where);

/** Kids as others make them: thumbprints, names with dates, the colons of hello-mockin, what base64 is made of. */
const kids = ['s4Xc-_9', '2030-01:b/c=', 'a+b.c'];

const lists: [string, string][] = [
  ['commas', kids.join(',')],
  ['commas and spaces', `${kids.join(', ')},`],
  ['lines', `${kids.join('\n')}\n`],
  ['lines with commas', kids.join(',\n')],
  ['a kid for each line, in quotes', kids.map((kid) => `"${kid}"`).join('\n')],
  ['quotes around each', kids.map((kid) => `'${kid}'`).join(', ')],
  ['JSON', JSON.stringify(kids)],
  ['pretty JSON', JSON.stringify(kids, null, 2)],
];

for (const [separated, text] of lists) {
  it.each(Object.entries(manglings))(`kids by ${separated}, mangled: %s`, (_, mangle) => {
    expect(kidsOf(mangle(text))).toEqual({ kids });
  });
}

describe('a kid of any characters', () => {
  const odd = ['a, b', 'c d', '"quoted"', "it's", 'back\\nslash', 'ä\u{1F511}', '[x]', ' edges ', 'a\nb'];

  it.each(Object.entries(manglings).filter(([name]) => name !== 'literal \\n'))(
    'is named by JSON, mangled: %s',
    (_, mangle) => {
      // UTF-16 without a byte order mark is told by its zeros.
      const ascii = odd.filter((kid) => /^[\0-\x7f]+$/.test(kid));
      expect(kidsOf(mangle(JSON.stringify(ascii)))).toEqual({ kids: ascii });
    },
  );

  it('is named by a list, and by JSON in UTF-8', () => {
    expect(kidsOf(odd)).toEqual({ kids: odd });
    expect(kidsOf(Buffer.from(JSON.stringify(odd)))).toEqual({ kids: odd });
  });
});

it.each([undefined, null, '', ' \n', '""', "''", '[]', '"[]"', ',', ', ,', [], [''], Buffer.alloc(0)])(
  '%j revokes nothing, and is sound',
  (value) => {
    expect(kidsOf(value)).toEqual({ kids: [] });
  },
);

it('no kid comes twice', () => {
  expect(kidsOf('a,b a')).toEqual({ kids: ['a', 'b'] });
  expect(kidsOf(['b', 'a', 'b'])).toEqual({ kids: ['b', 'a'] });
});

it.each([
  ['a number', 2030, ['2030']],
  ['a kid of one word', 'a', ['a']],
  ['a GUID in braces', '{3F2504E0}', ['{3F2504E0}']],
])('%s is a kid', (_, value, expected) => {
  expect(kidsOf(value)).toEqual({ kids: expected });
});

describe('what is unsound is a defect, and takes no revocation away', () => {
  it.each<[string, unknown, string[]]>([
    ['a number in a list', ['a', 1, 'b'], ['a', 'b']],
    ['nothing in a list', ['a', undefined, null], ['a']],
    ['a list in a list', [['a'], 'b'], ['b']],
    ['an object in JSON', '[{"kid":"a"},"b"]', ['b']],
    ['JSON that is cut off', '["a","b', ['a', 'b']],
    ['JSON with single quotes', "['a', 'b']", ['a', 'b']],
    ['JSON without quotes', '[a,b]', ['a', 'b']],
    ['JSON without quotes, in UTF-16', Buffer.from('\uFEFF[a,b]\r\n', 'utf16le'), ['a', 'b']],
    ['JSON with a comma too many', '["a","b",]', ['a', 'b']],
    ['a JSON object', '{"kids":["a"]}', []],
    ['an object', { a: true }, []],
    ['a set', new Set(['a']), []],
  ])('%s', (_, value, expected) => {
    const { kids: found, defect } = kidsOf(value);
    expect(found).toEqual(expected);
    expect(defect).toMatchObject({
      name: 'OidcKeyError',
      code: 'OIDC_KEY_INVALID_OPTION',
      message: expect.stringMatching(/^OIDC_REVOKED_KIDS has to be a list of kids/),
    });
  });
});

it.each([
  ['brackets', '['.repeat(1_000_000)],
  ['quotes', '"'.repeat(1_000_000)],
  ['commas', ','.repeat(1_000_000)],
  ['backslashes', `[${'\\'.repeat(1_000_000)}`],
])('1 MB of %s is read at once', (_, text) => {
  expect(kidsOf(text).kids.length).toBeLessThan(2);
});
