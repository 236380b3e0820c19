import { describe, expect, it } from '@jest/globals';

import { decodeText } from '../../../lib/core/reading/text.js';

describe('a text', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a string', 'a b', 'a b'],
    ['a number', 42, '42'],
    ['zero', 0, '0'],
    ['a bigint', 42n, '42'],
    ['a boolean', false, 'false'],
    ['bytes', new Uint8Array([0x61, 0x62]), 'ab'],
    ['UTF-16 of one character', Buffer.from('a', 'utf16le'), 'a'],
    ['UTF-16 that is not ASCII, by its byte order mark', Buffer.from('\uFEFFäé', 'utf16le'), 'äé'],
    ['UTF-8 that is not ASCII', Buffer.from('äé'), 'äé'],
    ['quotes and white space, in any order', ' "\' a\n\'`" \u00A0', 'a'],
    ['undefined', undefined, undefined],
    ['null', null, undefined],
    ['an empty string', '', undefined],
    ['white space', ' \r\n\t\u2028', undefined],
    ['quotes around nothing', '"\'\'"', undefined],
    ['a byte order mark alone', Buffer.from([0xff, 0xfe]), undefined],
    ['no bytes', Buffer.alloc(0), undefined],
    ['an object, which has none', { toString: () => 'a' }, undefined],
  ])('%s', (_, value, expected) => {
    expect(decodeText(value)).toBe(expected);
  });

  it('of zeros alone is not taken for UTF-16', () => {
    expect(decodeText(Buffer.alloc(4))).toBe('\0\0\0\0');
  });
});
