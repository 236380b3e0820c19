import { describe, expect, it } from '@jest/globals';

import { namesOf, RevocationList } from '../../../lib/core/ring/revocation-list.js';
import { makeKeyPair } from '../../support/key-pairs.js';
import { verificationKeyNow } from '../../support/loaded.js';

const keyObject = makeKeyPair('ed25519').privateKey;
const key = verificationKeyNow({ keyObject, kid: 'mine', where: 'The key' });
const withoutKid = verificationKeyNow({ keyObject, where: 'The key' });

describe('a list of revocations', () => {
  it.each([
    ['the kid', ['mine'], true, false],
    ['the thumbprint', [key.thumbprint], true, true],
    ['both', ['mine', key.thumbprint], true, true],
    ['another kid', ['theirs'], false, false],
    ['the kid in other letters', ['Mine'], false, false],
    ['a part of the thumbprint', [key.thumbprint.slice(0, -1)], false, false],
    ['nothing', [], false, false],
  ])('that holds %s', (_, names, namesKey, namesKeyWithoutKid) => {
    const list = new RevocationList(names);
    expect([list.names(key), list.names(withoutKid)]).toEqual([namesKey, namesKeyWithoutKid]);
  });

  it('is empty where nothing is given', () => {
    expect(new RevocationList().names(key)).toBe(false);
    expect(new RevocationList().unknown(() => false)).toEqual([]);
  });

  it('tells which of its names are no key’s, each once', () => {
    const known = new Set(namesOf(key));
    const list = new RevocationList(['gone', 'mine', key.thumbprint, 'gone', '__proto__']);
    expect(list.unknown((name) => known.has(name))).toEqual([
      { name: 'gone', position: 1 },
      { name: '__proto__', position: 4 },
    ]);
  });

  it('does not change with what it was made of', () => {
    const names = ['mine'];
    const list = new RevocationList(names);
    names.pop();
    expect(list.names(key)).toBe(true);
  });
});

it('the names of a key are its kid and its thumbprint', () => {
  expect(namesOf(key)).toEqual(['mine', key.thumbprint]);
  expect(namesOf(withoutKid)).toEqual([key.thumbprint, key.thumbprint]);
});
