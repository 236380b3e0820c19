import { describe, expect, it } from '@jest/globals';

import { instantIn } from '../../../lib/core/reading/instant.js';
import { errorOf } from '../../support/errors.js';
import { manglings } from '../../support/manglings.js';

const where = 'OIDC_NEXT_KEY_ACTIVATES_AT';
const noon = Date.UTC(2030, 0, 31, 12);

describe('ISO 8601 with a time zone', () => {
  it.each([
    ['2030-01-31T12:00:00Z', noon],
    ['2030-01-31T12:00Z', noon],
    ['2030-01-31T12:00:00.250Z', noon + 250],
    ['2030-01-31T13:30:00+01:30', noon],
    ['2030-01-30T23:00:00-13:00', noon],
    ['2030-02-01T11:59:00+23:59', noon],
    ['2028-02-29T00:00:00Z', Date.UTC(2028, 1, 29)],
    ['2030-12-31T23:59:59Z', Date.UTC(2030, 11, 31, 23, 59, 59)],
    ['0099-03-01T00:00:00Z', Date.parse('0099-03-01T00:00:00Z')],
  ])('%s', (text, expected) => {
    expect(instantIn(text, where)).toBe(expected);
  });

  it.each(Object.entries(manglings).filter(([name]) => !/literal|JSON/.test(name)))(
    'mangled: %s',
    (_, mangle) => {
      expect(instantIn(mangle('2030-01-31T12:00:00Z'), where)).toBe(noon);
    },
  );
});

it('a Date, which a validated schema may have made', () => {
  expect(instantIn(new Date(noon), where)).toBe(noon);
});

it.each([undefined, null, '', '  ', '""', Buffer.alloc(0)])('%j is unset', (value) => {
  expect(instantIn(value, where)).toBeUndefined();
});

it.each<unknown>([
  '2030-02-30T00:00:00Z',
  '2030-02-29T00:00:00+01:00',
  '2030-04-31T00:00Z',
  '2030-13-01T00:00:00Z',
  '2030-00-01T00:00:00Z',
  '2030-01-00T00:00:00Z',
  '2030-01-32T00:00:00Z',
  '2030-01-31T24:00:00Z',
  '2030-01-31T25:00:00Z',
  '2030-01-31T12:60:00Z',
  '2030-01-31T12:00:60Z',
  '2030-01-31T12:00:00+24:00',
  '2030-01-31T12:00:00-01:60',
  '2030-01-31T12:00:00',
  '2030-01-31',
  'tomorrow',
  '1896091200000',
  1896091200000,
  true,
  new Date(Number.NaN),
  {},
  ['2030-01-31T12:00:00Z'],
])('%p is refused', (value) => {
  expect(errorOf(() => instantIn(value, where))).toMatchObject({
    name: 'OidcKeyError',
    code: 'OIDC_KEY_INVALID_OPTION',
    message: expect.stringMatching(/^OIDC_NEXT_KEY_ACTIVATES_AT has to be an ISO 8601 instant/),
  });
});
