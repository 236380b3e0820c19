import { createPrivateKey, createPublicKey } from 'node:crypto';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { OidcKeyError } from '../../lib/core/errors.js';
import { RevocationList } from '../../lib/core/ring/revocation-list.js';
import { KeyLives } from '../../lib/rotation/key-lives.js';
import type { TakenOver } from '../../lib/rotation/lives-of-keys.js';
import type { Change } from '../../lib/rotation/rotation-event.js';
import { errorOf } from '../support/errors.js';
import { makeKeyPair } from '../support/key-pairs.js';
import { ecKey, FakeClock, keyNamed, kidsIn, livesOf } from '../support/lives.js';
import type { Slots } from '../support/lives.js';
import { verificationKeyNow } from '../support/loaded.js';

const minute = 60_000;
const timing = { propagation: 10 * minute, retention: 100 * minute };
const start = Date.parse('2030-01-01T00:00:00Z');

const [a, b, c] = [keyNamed('a'), keyNamed('b'), keyNamed('c')];
const rsa = keyNamed('rsa', makeKeyPair('rsa', { modulusLength: 2048 }).privateKey);
const publicA = {
  key: verificationKeyNow({
    keyObject: createPublicKey(a.key.publicKey.export({ format: 'pem', type: 'spki' })),
    kid: 'a',
    where: 'a',
  }),
};
const aPrivate = ecKey().export({ format: 'pem', type: 'pkcs8' });
const unsound = new OidcKeyError('OIDC_KEY_MALFORMED', 'The rest is garbage.');

let clock: FakeClock;
let lives: KeyLives;
let revoked: RevocationList;
beforeEach(() => {
  clock = new FakeClock(start);
});

const slots = (some: Partial<Slots>) => livesOf({ current: [a], next: [], previous: [], ...some });
const boot = (some: Partial<Slots>, names: string[] = []) => {
  revoked = new RevocationList(names);
  lives = new KeyLives(slots(some), revoked, clock.now, timing);
};
/** A reload with these slots, and the revocations as they are. */
const reload = (some: Partial<Slots>): TakenOver => lives.takeOver(revoked, slots(some), clock.now);
/** What happened, but for what was published. */
const changesOf = ({ changes }: TakenOver) => changes.filter(({ type }) => type !== 'published');
const configure = (some: Partial<Slots>): Change[] => {
  const taken = reload(some);
  expect(taken.refusal).toBeUndefined();
  return changesOf(taken);
};
/** A reload of which nothing but the revocations can be taken over. */
const revoke = (...names: string[]): Change[] => {
  revoked = new RevocationList(names);
  const taken = lives.takeOver(revoked, unsound, clock.now);
  expect(taken.refusal).toBe(unsound);
  return changesOf(taken);
};
const view = () => kidsIn(lives.view(clock.now));
const pass = (minutes: number) => {
  clock.monotonic += minutes * minute;
  return lives.letPass(clock.now);
};
const withoutSigner = () => lives.view(clock.now).withoutSigner.map(({ names }) => names[0]);
const untilNextChange = () => {
  const { nextChange } = lives.view(clock.now);
  return nextChange === undefined ? undefined : nextChange - clock.monotonic;
};
const waiting = () =>
  lives.view(clock.now).waiting.map(({ key, signsFrom, isHeldBack }) => [key.kid, signsFrom, isHeldBack]);

describe('a boot', () => {
  it('trusts its slots', () => {
    boot({ current: [a], next: [b], previous: [c] });
    expect(view()).toBe('a | b | c');
  });

  it('trusts a schedule that has come', () => {
    boot({ next: [b], nextActivatesAt: start - 1 });
    expect(view()).toBe('b |  | a');
  });

  it('says of a schedule that it trusted since when the key was to sign, for as long as it stands', () => {
    boot({ next: [b], nextActivatesAt: start - minute });
    const trusted = () => lives.view(clock.now).trusted.map(({ key, signsFrom }) => [key.kid, signsFrom]);
    expect(trusted()).toEqual([['b', start - minute]]);
    configure({ next: [b], nextActivatesAt: start - minute });
    expect(trusted()).toEqual([['b', start - minute]]);
    configure({ current: [b], previous: [a] });
    expect(trusted()).toEqual([]);
  });

  it('says nothing of the kind where the instant comes while the process lives', () => {
    boot({ next: [b], nextActivatesAt: start + minute });
    pass(1);
    expect(view()).toBe('b |  | a');
    expect(lives.view(clock.now).trusted).toEqual([]);
  });

  it('trusts a schedule that will come, to the instant, so that a new replica agrees with the rest', () => {
    boot({ next: [b], nextActivatesAt: start + minute });
    expect(view()).toBe('a | b | ');
    expect(untilNextChange()).toBe(minute);
    expect(pass(1)).toEqual([{ type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: 'a' }]);
    expect(view()).toBe('b |  | a');
  });

  it('leaves out what is revoked, and promotes what replaces it', () => {
    boot({ next: [b], previous: [c] }, ['a', 'c']);
    expect(view()).toBe('b |  | ');
  });

  it('whose only key of an algorithm is revoked stops', () => {
    expect(errorOf(() => boot({}, ['a'])).code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(errorOf(() => boot({ current: [a, rsa] }, [a.key.thumbprint])).code).toBe('OIDC_KEY_NONE_TO_SIGN');
  });
});

describe('the guard', () => {
  it('publishes a bare replacement at once, and lets it sign after propagation', () => {
    boot({});
    expect(configure({ current: [b] })).toEqual([]);
    expect(view()).toBe('a | b | ');
    expect(pass(9.99)).toEqual([]);
    expect(pass(0.01)).toEqual([{ type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: 'a' }]);
    expect(view()).toBe('b |  | a');
  });

  it('counts the time that a key was in next', () => {
    boot({});
    configure({ next: [b] });
    pass(10);
    expect(configure({ current: [b], previous: [a] })).toHaveLength(1);
    expect(view()).toBe('b |  | a');
  });

  it('holds a promotion that comes too soon after next, and the swap of all slots', () => {
    boot({});
    configure({ next: [b] });
    pass(4);
    configure({ current: [b], previous: [publicA] });
    expect(view()).toBe('a | b | ');
    pass(6);
    expect(view()).toBe('b |  | a');
  });

  it('holds a schedule that is sooner than a new key can be known', () => {
    boot({});
    configure({ next: [b], nextActivatesAt: clock.wall + minute });
    pass(1);
    expect(view()).toBe('a | b | ');
    expect(waiting()).toEqual([['b', clock.monotonic + 9 * minute, true]]);
    pass(9);
    expect(view()).toBe('b |  | a');
  });

  it('holds a schedule of the boot that was moved forward', () => {
    boot({ next: [b], nextActivatesAt: start + 60 * minute });
    pass(1);
    configure({ next: [b], nextActivatesAt: clock.wall });
    expect(view()).toBe('a | b | ');
    pass(9);
    expect(view()).toBe('b |  | a');
  });

  it('holds a key of a new algorithm, too', () => {
    boot({});
    configure({ current: [a, rsa] });
    expect(view()).toBe('a | rsa | ');
    pass(10);
    expect(lives.view(clock.now).keys.map(({ key, slot }) => `${key.kid} ${slot}`)).toEqual([
      'a current',
      'rsa current',
    ]);
  });

  it('lets a key that signed before sign again at once', () => {
    boot({});
    configure({ current: [b] });
    pass(10);
    expect(configure({ current: [a] })).toHaveLength(1);
    expect(view()).toBe('a |  | b');
  });
});

describe('the wall clock', () => {
  it('that is set back does not undo a promotion, and one that is set forward only starts the schedule', () => {
    boot({ next: [b], nextActivatesAt: start + 30 * minute });
    clock.offset += 60 * minute;
    lives.letPass(clock.now);
    expect(view()).toBe('b |  | a');
    clock.offset -= 120 * minute;
    lives.letPass(clock.now);
    expect(view()).toBe('b |  | a');
    configure({ next: [b], nextActivatesAt: start + 30 * minute });
    expect(view()).toBe('b |  | a');
  });

  it('has no part in guard and retention', () => {
    boot({ previous: [c] });
    configure({ current: [b] });
    clock.offset += 1000 * minute;
    expect(lives.letPass(clock.now)).toEqual([]);
    expect(view()).toBe('a | b | c');
    clock.offset -= 2000 * minute;
    pass(10);
    expect(view()).toBe('b |  | a,c');
  });
});

describe('asking', () => {
  it('changes nothing, however often and whatever the wall clock says meanwhile', () => {
    boot({ next: [b], nextActivatesAt: start + 30 * minute });
    const before = JSON.stringify(lives.view(clock.now));
    clock.offset += 60 * minute;
    for (let time = 0; time < 1000; time++) lives.view(clock.now);
    clock.offset -= 60 * minute;
    expect(JSON.stringify(lives.view(clock.now))).toBe(before);
    expect(lives.letPass(clock.now)).toEqual([]);
    expect(view()).toBe('a | b | ');
  });

  it('retires nothing either', () => {
    boot({});
    configure({ current: [b] });
    pass(10);
    clock.monotonic += 100 * minute;
    for (let time = 0; time < 1000; time++) lives.view(clock.now);
    expect(lives.letPass(clock.now)).toEqual([{ type: 'retired', kid: 'a' }]);
  });
});

describe('retention', () => {
  it('keeps a key that vanished until retention has passed since it last signed', () => {
    boot({});
    configure({ current: [b] });
    pass(10);
    configure({ current: [b] });
    expect(view()).toBe('b |  | a');
    expect(pass(99.9)).toEqual([]);
    expect(pass(0.1)).toEqual([{ type: 'retired', kid: 'a' }]);
    expect(view()).toBe('b |  | ');
  });

  it('keeps a previous key that is dropped early, counted from the boot', () => {
    boot({ previous: [c] });
    pass(40);
    configure({});
    expect(view()).toBe('a |  | c');
    expect(
      lives.view(clock.now).retained.map(({ key, publishedUntil }) => [key.kid, publishedUntil]),
    ).toEqual([['c', clock.monotonic + 60 * minute]]);
    pass(60);
    expect(view()).toBe('a |  | ');
  });

  it('keeps a next key that is dropped, because another replica may have signed with it', () => {
    boot({ next: [b] });
    pass(40);
    configure({});
    expect(view()).toBe('a |  | b');
    pass(99);
    expect(view()).toBe('a |  | b');
    pass(1);
    expect(view()).toBe('a |  | ');
  });

  it.each([
    ['at once', 10],
    ['when the other may sign', 0],
  ])('counts from when a next key is dropped that stopped signing %s and waited since', (_, known) => {
    boot(known > 0 ? { next: [b] } : {});
    pass(known);
    configure({ current: [b], next: [a] });
    pass(10);
    pass(100);
    expect(view()).toBe('b | a | ');
    configure({ current: [b] });
    expect(view()).toBe('b |  | a');
    expect(pass(99.9)).toEqual([]);
    expect(pass(0.1)).toEqual([{ type: 'retired', kid: 'a' }]);
  });

  it('lets go at once what configuration names no more after retention', () => {
    boot({ previous: [c] });
    pass(100);
    expect(view()).toBe('a |  | c');
    expect(configure({})).toEqual([{ type: 'retired', kid: 'c' }]);
  });

  it('keeps no private half of a key that signs no more', () => {
    boot({});
    configure({ current: [b] });
    pass(10);
    const [previous] = lives.view(clock.now).keys.filter(({ slot }) => slot === 'previous');
    expect(previous!.signer).toBeUndefined();
    expect(previous!.key.publicJwk).toEqual(a.key.publicJwk);
  });

  it('orders what is kept newest first', () => {
    boot({ previous: [c] });
    configure({ current: [b], previous: [c] });
    pass(10);
    expect(view()).toBe('b |  | a,c');
  });
});

describe('revocation', () => {
  it('removes a key from every slot at once', () => {
    boot({ next: [b], previous: [c] });
    expect(revoke('b', 'c', 'unknown')).toEqual([
      { type: 'revoked', kid: 'b' },
      { type: 'revoked', kid: 'c' },
    ]);
    expect(view()).toBe('a |  | ');
  });

  it('of the current key promotes next at once, past guard and schedule', () => {
    boot({});
    configure({ next: [b], nextActivatesAt: clock.wall + 1000 * minute });
    expect(revoke('a')).toEqual([
      { type: 'revoked', kid: 'a' },
      { type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: undefined },
    ]);
    expect(view()).toBe('b |  | ');
  });

  it('of the current key promotes a configured replacement that still waited', () => {
    boot({});
    configure({ current: [b] });
    expect(view()).toBe('a | b | ');
    revoke('a');
    expect(view()).toBe('b |  | ');
  });

  it('of the only key leaves none to sign, until configuration brings one, which signs at once', () => {
    boot({});
    revoke('a');
    expect(view()).toBe(' |  | ');
    expect(withoutSigner()).toEqual(['ES256']);
    configure({ current: [b] });
    expect(view()).toBe('b |  | ');
    expect(withoutSigner()).toEqual([]);
  });

  it('is not undone by configuration that still names the key', () => {
    boot({ next: [b] });
    revoke('a');
    configure({ current: [a], next: [b], previous: [] });
    expect(view()).toBe('b |  | ');
  });

  it('removes a key that was only kept', () => {
    boot({});
    configure({ current: [b] });
    pass(10);
    expect(view()).toBe('b |  | a');
    revoke('a');
    expect(view()).toBe('b |  | ');
  });

  it('of a replacement that waits leaves the one that signs', () => {
    boot({});
    configure({ current: [b] });
    revoke('b');
    expect(view()).toBe('a |  | ');
  });

  it('may name the thumbprint, in every slot', () => {
    boot({ next: [b], previous: [c] });
    expect(revoke(a.key.thumbprint, c.key.thumbprint)).toEqual([
      { type: 'revoked', kid: 'a' },
      { type: 'revoked', kid: 'c' },
      { type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: undefined },
    ]);
    expect(view()).toBe('b |  | ');
  });

  it('is of the key: it holds when the key comes back under another kid', () => {
    const stolen = ecKey();
    const [first, second] = [keyNamed('first', stolen), keyNamed('second', stolen)];
    boot({ current: [first], next: [b] });
    revoke('first');
    configure({ current: [b], next: [second], previous: [] });
    expect(view()).toBe('b |  | ');
    configure({ current: [b], previous: [second] });
    expect(view()).toBe('b |  | ');
    expect(lives.isRevoked(second.key)).toBe(true);
    const { refusal } = reload({ current: [second] });
    expect(refusal?.code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(view()).toBe('b |  | ');
  });

  it('is kept although the list is read empty, for as long as the key is in a slot', () => {
    boot({ next: [b] });
    revoke('a');
    revoked = new RevocationList();
    configure({ current: [a], next: [b] });
    expect(view()).toBe('b |  | ');
    configure({ current: [b], previous: [publicA] });
    expect(view()).toBe('b |  | ');
  });

  it('is kept where the list is read empty and the rest cannot be read', () => {
    boot({ next: [b] });
    revoke('a');
    revoked = new RevocationList();
    lives.takeOver(revoked, unsound, clock.now);
    configure({ current: [a], next: [b] });
    expect(view()).toBe('b |  | ');
  });

  it('is forgotten once neither the list nor a slot names the key', () => {
    boot({ next: [b] });
    revoke('a');
    revoked = new RevocationList();
    configure({ current: [b] });
    expect(lives.isRevoked(a.key)).toBe(false);
    configure({ current: [b], next: [a] });
    expect(view()).toBe('b | a | ');
  });

  it('of the default algorithm’s key leaves the default as it is, so that nothing turns to another one', () => {
    boot({ current: [rsa, a] });
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('RS256');
    revoke('rsa');
    expect(view()).toBe('a |  | ');
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('RS256');
    expect(withoutSigner()).toEqual(['RS256']);
    configure({ current: [rsa, a] });
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('RS256');
    configure({ current: [a] });
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('ES256');
    expect(withoutSigner()).toEqual([]);
  });

  it('that names no key is told, unless the key was known earlier in this process', () => {
    boot({ next: [b] }, ['nobody']);
    const unknown = () =>
      lives.view(clock.now).unknownRevocations.map(({ position, characters }) => [position, characters]);
    expect(unknown()).toEqual([[1, 6]]);
    revoke('a', 'nobody', c.key.thumbprint);
    expect(unknown()).toEqual([
      [2, 6],
      [3, 43],
    ]);
    configure({ current: [b], previous: [c] });
    expect(unknown()).toEqual([[2, 6]]);
  });

  it('of the key that a refused reload brings is known, and has taken effect', () => {
    boot({});
    revoked = new RevocationList(['b']);
    expect(reload({ current: [b] }).refusal?.code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(lives.view(clock.now).unknownRevocations).toEqual([]);
    revoked = new RevocationList();
    expect(reload({ current: [b] }).refusal?.code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(view()).toBe('a |  | ');
  });
});

describe('a next key', () => {
  it('stands in for a current one that was taken out of configuration with its revocation', () => {
    boot({ next: [b] });
    revoked = new RevocationList(['a']);
    const taken = lives.takeOver(
      revoked,
      slots({ current: [], next: [b], nextActivatesAt: clock.wall + 1000 * minute, nextStandsIn: true }),
      clock.now,
    );
    expect(taken.refusal).toBeUndefined();
    expect(changesOf(taken)).toEqual([
      { type: 'revoked', kid: 'a' },
      { type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: undefined },
    ]);
    expect(view()).toBe('b |  | ');
  });

  it('stands in at boot as well', () => {
    boot({ current: [], next: [b], nextStandsIn: true }, ['a']);
    expect(view()).toBe('b |  | ');
  });

  it('does not stand in where no revocation says why the current one is gone', () => {
    boot({ next: [b] });
    const { refusal } = reload({ current: [], next: [b] });
    expect(refusal?.code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(view()).toBe('a | b | ');
  });
});

describe('a change of algorithm', () => {
  it('lets the old algorithm sign until the new one may', () => {
    boot({ current: [rsa] });
    configure({ current: [a] });
    expect(view()).toBe('rsa | a | ');
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('RS256');
    pass(10);
    expect(view()).toBe('a |  | rsa');
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('ES256');
  });

  it('needs no waiting where nothing signs at all', () => {
    boot({});
    revoke('a');
    configure({ current: [rsa] });
    expect(view()).toBe('rsa |  | ');
    expect(withoutSigner()).toEqual([]);
  });

  it('makes an algorithm whose key was revoked, and that is dropped, an ordinary one again', () => {
    boot({ current: [a, rsa] });
    revoke('a');
    expect(withoutSigner()).toEqual(['ES256']);
    configure({ current: [rsa] });
    expect(withoutSigner()).toEqual([]);
    configure({ current: [rsa, b] });
    expect(view()).toBe('rsa | b | ');
  });
});

describe('what must not shorten the wait', () => {
  it('a schedule of the boot does not cover a promotion before its instant', () => {
    boot({ next: [b], nextActivatesAt: start + 60 * minute });
    pass(1);
    configure({ current: [b], previous: [a], nextActivatesAt: start + 60 * minute });
    expect(view()).toBe('a | b | ');
  });

  it('a schedule that is corrected to a later instant is the later one', () => {
    boot({});
    configure({ next: [b], nextActivatesAt: start - minute });
    configure({ next: [b], nextActivatesAt: start + 60 * minute });
    pass(30);
    expect(view()).toBe('a | b | ');
    pass(30);
    expect(view()).toBe('b |  | a');
  });

  it('another key under a kid that is still published is refused', () => {
    boot({});
    const { refusal, changes } = reload({ current: [keyNamed('a')] });
    expect([refusal?.code, changes]).toEqual(['OIDC_KEY_DUPLICATE_KID', []]);
    expect(lives.view(clock.now).keys.map(({ key }) => key)).toEqual([a.key]);
    expect(reload({ current: [a], next: [b] }).refusal).toBeUndefined();
  });

  it('the same key under its kid for another algorithm is refused', () => {
    const both = makeKeyPair('rsa', { modulusLength: 2048 }).privateKey;
    boot({ current: [keyNamed('both', both)] });
    const { refusal } = reload({ current: [keyNamed('both', both, 'PS256')] });
    expect(refusal).toMatchObject({
      code: 'OIDC_KEY_DUPLICATE_KID',
      message: expect.stringMatching(/is published as RS256, and now comes as PS256/),
    });
  });
});

it('tells of a schedule when it is too soon, and when it will come', () => {
  boot({});
  configure({ next: [b], nextActivatesAt: clock.wall + minute });
  expect(waiting()).toEqual([['b', clock.monotonic + 10 * minute, true]]);
  expect(untilNextChange()).toBe(10 * minute);
  configure({ next: [b], nextActivatesAt: clock.wall + 60 * minute });
  expect(waiting()).toEqual([['b', clock.monotonic + 60 * minute, false]]);
  expect(untilNextChange()).toBe(60 * minute);
});

it('tells what is published from now on, once, and in which slot', () => {
  boot({});
  expect(reload({ next: [b], previous: [c] }).changes).toEqual([
    { type: 'published', kid: 'b', algorithm: 'ES256', slot: 'next' },
    { type: 'published', kid: 'c', algorithm: 'ES256', slot: 'previous' },
  ]);
  expect(reload({ next: [b], previous: [c] }).changes).toEqual([]);
  expect(reload({ current: [a, rsa], next: [b], previous: [c] }).changes).toEqual([
    { type: 'published', kid: 'rsa', algorithm: 'RS256', slot: 'next' },
  ]);
});

it('tells which keys wait, and until when, until they sign', () => {
  boot({});
  configure({ current: [b] });
  const until = clock.monotonic + 10 * minute;
  expect(waiting()).toEqual([['b', until, true]]);
  pass(9);
  expect(waiting()).toEqual([['b', until, true]]);
  pass(1);
  expect(waiting()).toEqual([]);
});

it('tells which key came back under another kid than its tokens carry', () => {
  const key = ecKey();
  boot({ current: [keyNamed('former', key)] });
  pass(1);
  configure({ current: [b], previous: [keyNamed('latter', key)] });
  const renamed = () => lives.view(clock.now).renamed.map(({ key: { kid }, formerly }) => [kid, formerly]);
  expect(view()).toBe('former | b | latter');
  expect(renamed()).toEqual([['latter', 'former']]);
  pass(10);
  expect(view()).toBe('b |  | former,latter');
  expect(renamed()).toEqual([['latter', 'former']]);
  configure({ current: [b], previous: [keyNamed('former', key)] });
  expect(renamed()).toEqual([]);
});

it('an algorithm that configuration drops signs no more, and its key stays published', () => {
  boot({ current: [a, rsa] });
  configure({ current: [rsa] });
  expect(view()).toBe('rsa |  | a');
});

it('says how long until something changes', () => {
  boot({});
  expect(untilNextChange()).toBeUndefined();
  configure({ current: [b] });
  expect(untilNextChange()).toBe(10 * minute);
  pass(10);
  expect(untilNextChange()).toBe(100 * minute);
});

describe('of two algorithms, one whose current key is revoked and removed', () => {
  const [ed, ed2] = [
    keyNamed('ed', makeKeyPair('ed25519').privateKey),
    keyNamed('ed2', makeKeyPair('ed25519').privateKey),
  ];
  const revokeAndRemove = (some: Partial<Slots>) => {
    revoked = new RevocationList(['ed']);
    return configure({ current: [a], ...some });
  };
  const byDefault = () => lives.view(clock.now).defaultAlgorithm?.names[0];

  it.each([
    ['that was there before', { next: [ed2] }],
    ['that comes in the same change', {}],
  ])('is signed for by its next key %s, and that is not taken back', (_, before) => {
    boot({ current: [a, ed], ...before });
    revokeAndRemove({ next: [ed2] });
    expect(
      view()
        .split(' | ')
        .map((slot) => slot.split(',').toSorted().join()),
    ).toEqual(['a,ed2', '', '']);
    expect(withoutSigner()).toEqual([]);
    configure({ current: [a], next: [ed2] });
    expect(pass(1)).toEqual([]);
    expect(lives.view(clock.now).keys.map(({ key, slot }) => `${slot} ${key.kid}`)).toContain('current ed2');
  });

  it('does not turn what signs by default to the other one', () => {
    revoked = new RevocationList();
    const loaded = slots({ current: [ed, a], next: [ed2] });
    lives = new KeyLives({ ...loaded, defaultAlgorithm: ed.key.algorithm }, revoked, clock.now, timing);
    revokeAndRemove({ next: [ed2] });
    expect(byDefault()).toBe('EdDSA');
    // Whoever names a current key for it again decides anew.
    configure({ current: [a, ed2] });
    expect(byDefault()).toBe('ES256');
  });

  it('gives way to a current key that is configured later, after propagation', () => {
    boot({ current: [a, ed], next: [ed2] });
    revokeAndRemove({ next: [ed2] });
    const ed3 = keyNamed('ed3', makeKeyPair('ed25519').privateKey);
    expect(configure({ current: [a, ed3], next: [ed2] })).toEqual([]);
    expect(pass(10)).toMatchObject([{ type: 'promoted', kid: 'ed3', replaced: 'ed2' }]);
  });
});

it('attack 49: a revoked key that was in no slot for a while stays revoked under any kid, as long as the list names it', () => {
  const again = keyNamed('a again', createPrivateKey(aPrivate));
  const first = keyNamed('a', createPrivateKey(aPrivate));
  boot({ current: [first], next: [b] });
  revoked = new RevocationList(['a']);
  configure({ current: [b] });
  configure({ current: [b] });
  configure({ current: [b], previous: [{ key: again.key }] });
  expect(view()).toBe('b |  | ');
  revoked = new RevocationList();
  configure({ current: [b] });
  configure({ current: [b], previous: [{ key: again.key }] });
  expect(view()).toBe('b |  | a again');
});
