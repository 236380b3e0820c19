import { describe, expect, it } from '@jest/globals';

import { unescapeQuotes, unescapeWhiteSpace } from '../../../lib/core/reading/unescape.js';

describe('white space', () => {
  it.each([
    ['', ''],
    ['abc', 'abc'],
    ['a\\nb\\rc\\td', 'a\nb\nc\nd'],
    ['a\\\\n\\\\\\\\tb', 'a\n\nb'],
    ['\\n', '\n'],
    ['n\\', 'n\\'],
    ['\\\\', '\\\\'],
    ['a\\xb\\"', 'a\\xb\\"'],
    ['\u{1F511}\\n\uD800', '\u{1F511}\n\uD800'],
  ])('%j becomes %j', (text, expected) => {
    expect(unescapeWhiteSpace(text)).toBe(expected);
  });
});

describe('quotes', () => {
  it.each([
    ['{\\"a\\":1}', '{"a":1}'],
    ['{\\\\\\"a\\\\\\":1}', '{"a":1}'],
    ['"\\n\\', '"\\n\\'],
  ])('%j becomes %j', (text, expected) => {
    expect(unescapeQuotes(text)).toBe(expected);
  });
});

it('is linear: a megabyte of backslashes', () => {
  const text = '\\'.repeat(1_000_000);
  expect(unescapeWhiteSpace(text) === text).toBe(true);
});
