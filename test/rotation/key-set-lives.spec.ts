import { beforeEach, describe, expect, it } from '@jest/globals';

import type { SigningAlgorithm } from '../../lib/core/algorithms.js';
import type { OidcKeyError } from '../../lib/core/errors.js';
import { rotate } from '../../lib/core/key-set/rotate.js';
import type { KeyInput } from '../../lib/core/reading/key-material.js';
import type { KeySlots } from '../../lib/core/reading/key-slots.js';
import { KeyLoader } from '../../lib/core/ring/key-loader.js';
import { KeyRing } from '../../lib/core/ring/key-ring.js';
import type { Lives } from '../../lib/core/ring/life.js';
import { revocationsIn } from '../../lib/core/ring/members-of-slots.js';
import { LivesInService } from '../../lib/rotation/lives-in-service.js';
import type { LivesOptions } from '../../lib/rotation/lives-in-service.js';
import type { TakenOver } from '../../lib/rotation/lives-of-keys.js';
import { timingOf } from '../../lib/rotation/timing.js';
import { warningsOf } from '../../lib/rotation/warnings.js';
import { errorOf } from '../support/errors.js';
import { epoch, figures, jwkOf, making, privateKeyNamed, setOf, told, written } from '../support/key-sets.js';
import type { KeyOfTest } from '../support/key-sets.js';
import { pemOf } from '../support/keys.js';
import { FakeClock, kidsIn } from '../support/lives.js';

// Propagation is 100 seconds, retention of a plain key 1100, and what a key set drops goes 1030 after its successor signs.
const options: LivesOptions = { timing: timingOf(figures, 0), algorithm: undefined };
const slower: LivesOptions = { ...options, timing: timingOf({ ...figures, jwksMaxAge: 500 }, 0) };

const documentOf = (...keys: KeyOfTest[]) => ({ keys: keys.map(jwkOf) }) as KeyInput;
const plain = (kid: string): KeyInput => ({ key: pemOf(privateKeyNamed(kid)), kid });

let clock: FakeClock;
let lives: LivesInService;
beforeEach(() => {
  clock = new FakeClock(epoch * 1000);
});

const at = (seconds: number) => void (clock.monotonic += (epoch + seconds) * 1000 - clock.wall);
const loadOf = (slots: KeySlots): Lives | OidcKeyError => {
  const context = lives
    ? { isRevoked: lives.isRevoked, published: lives.view(clock.now).keys, hasRevoked: lives.hasRevoked }
    : {};
  try {
    return new KeyLoader().loadNow(slots, context);
  } catch (error) {
    return error as OidcKeyError;
  }
};
const booted = (slots: KeySlots, given = options) =>
  new LivesInService(new KeyLoader().loadNow(slots, {}), revocationsIn(slots), clock.now, given);
const boot = (slots: KeySlots) => void (lives = booted(slots));
const reload = (slots: KeySlots): TakenOver => lives.takeOver(revocationsIn(slots), loadOf(slots), clock.now);
const view = () => kidsIn(lives.view(clock.now));
const pass = () => lives.letPass(clock.now).map((change) => `${change.type} ${change.kid}`);
const saidOf = ({ changes }: TakenOver) => changes.map((change) => `${change.type} ${change.kid}`);
const a: KeyOfTest = { kid: 'a', iat: 0, nbf: 0 };
const rotated = [
  { ...a, exp: 1100 + 1030 },
  { kid: 'b', iat: 1000, nbf: 1100 },
];

describe('a rotation', () => {
  it('publishes the new key at once, and the clock alone does the rest', () => {
    boot({ current: documentOf(a) });
    at(1000);
    expect(saidOf(reload({ current: documentOf(...rotated) }))).toEqual(['published b']);
    expect(view()).toBe('a | b | ');
    at(1099);
    expect(pass()).toEqual([]);
    at(1100);
    expect(pass()).toEqual(['promoted b']);
    expect(view()).toBe('b |  | a');
    at(2129);
    expect(pass()).toEqual([]);
    at(2130);
    expect(pass()).toEqual(['retired a']);
    expect(view()).toBe('b |  | ');
  });

  it('says when the next thing is due, and asks for no waking where nothing is', () => {
    boot({ current: documentOf(a) });
    expect(lives.view(clock.now).nextChange).toBeUndefined();
    reload({ current: documentOf(...rotated) });
    const dueIn = () => Math.round((lives.view(clock.now).nextChange! - clock.monotonic) / 1000);
    expect(dueIn()).toBe(1100);
    at(1100);
    pass();
    expect(dueIn()).toBe(1030);
  });

  it('forgets nothing that became due between a reading and the waking that is asked for after it', () => {
    boot({ current: documentOf(a) });
    at(1099);
    reload({ current: documentOf(...rotated) });
    for (const seconds of [1100, 1500, 5000]) {
      at(seconds);
      expect(lives.view(clock.now).nextChange).toBe(clock.monotonic);
    }
    pass();
    expect(view()).toBe('b |  | ');
  });

  it('shows the state that is in service until time was let pass, so that nothing happens unsaid', () => {
    boot({ current: documentOf(...rotated) });
    at(1100);
    expect(view()).toBe('a | b | ');
    expect(lives.view(clock.now)).toEqual(lives.view(clock.now));
    pass();
    expect(view()).toBe('b |  | a');
  });

  it('tells since when each key is in its slot', () => {
    at(1150);
    boot({ current: documentOf(...rotated) });
    const seconds = lives
      .view(clock.now)
      .keys.map(({ key, since }) => [key.kid, Math.round((since - clock.monotonic) / 1000) + 1150]);
    expect(seconds).toEqual([
      ['b', 1100],
      ['a', 1100],
    ]);
  });

  it('waits for as long as this server asks for, and says that the document does not', () => {
    clock = new FakeClock((epoch + 1000) * 1000);
    lives = booted({ current: documentOf(...rotated) }, slower);
    const { waiting, skipped } = lives.view(clock.now);
    expect(skipped).toEqual([expect.stringMatching(/100 s after it is published.*530 s and keeps to that/)]);
    expect(waiting.map(({ signsFrom }) => Math.round((signsFrom - clock.monotonic) / 1000))).toEqual([530]);
    // It is held back, and the document's own warning says so.
    expect(waiting.map(({ isHeldBack }) => isHeldBack)).toEqual([true]);
    expect(warningsOf(lives.view(clock.now), clock.now).map(({ message }) => message)).toEqual(skipped);
    const asWanted = booted({ current: documentOf(...rotated) }).view(clock.now).waiting;
    expect(asWanted.map(({ isHeldBack }) => isHeldBack)).toEqual([false]);
    at(1529);
    expect(pass()).toEqual([]);
    at(1530);
    expect(pass()).toEqual(['promoted b']);
  });

  it('is not undone where the clock is set back', () => {
    boot({ current: documentOf(...rotated) });
    at(1100);
    pass();
    clock.offset -= 60_000;
    expect(pass()).toEqual([]);
    expect(saidOf(reload({ current: documentOf(...rotated) }))).toEqual([]);
    expect(view()).toBe('b |  | a');
    // A revocation is stronger than what was promoted.
    reload({ current: documentOf(...rotated), revokedKids: ['b'] });
    expect(view()).toBe('a |  | ');
  });
});

describe('a restart', () => {
  const e: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 };
  const histories: [string, KeyOfTest[], SigningAlgorithm | undefined][] = [
    ['a rotation', rotated, undefined],
    ['a rotation of a plain key', [{ kid: 'a', exp: 2130 }, rotated[1]!], undefined],
    ['a revocation with a key that waits', [{ ...a, revoked: 1050 }, rotated[1]!], undefined],
    ['a further algorithm', [a, { ...e, iat: 1000, nbf: 1100 }], 'ES256'],
    ['a further algorithm that is to be the default', [a, { ...e, iat: 1000, nbf: 1100 }], 'EdDSA'],
    ['an algorithm that was retired', [{ ...a, exp: 2130, isPublic: true }, e], undefined],
    ['an algorithm that lost its key', [{ ...a, revoked: 1050 }, e], undefined],
  ];
  const instants = [0, 999, 1000, 1049, 1050, 1099, 1100, 1129, 2079, 2080, 2129, 2130, 5000];

  it.each(histories)('at any instant of %s gives the ring of the live process', (_, keys, algorithm) => {
    const slots = { current: documentOf(...keys) };
    const start = () => {
      const loaded = new KeyLoader().loadNow(slots, { algorithm });
      return new LivesInService(loaded, revocationsIn(slots), clock.now, { ...options, algorithm });
    };
    const ringOf = (some: LivesInService) => {
      const { keys: inSlots, defaultAlgorithm } = some.view(clock.now);
      const { digest, jwks } = new KeyRing(inSlots, defaultAlgorithm);
      return { digest, jwks, defaultAlgorithm, slots: kidsIn(some.view(clock.now)) };
    };
    const live = start();
    for (const instant of instants) {
      at(instant);
      live.letPass(clock.now);
      expect(ringOf(start())).toEqual(ringOf(live));
    }
  });
});

describe('a revocation', () => {
  const revokedA: KeyOfTest = { ...a, revoked: 1050 };
  const garbage = { kty: 'EC', crv: 'P-256', nbf: 'tomorrow' };

  it('in the document takes effect at once, and what waits signs in its place', () => {
    boot({ current: documentOf(...rotated) });
    at(1050);
    expect(saidOf(reload({ current: documentOf(revokedA, rotated[1]!) }))).toEqual([
      'revoked a',
      'promoted b',
    ]);
    expect(view()).toBe('b |  | ');
  });

  it('takes effect where the rest of the document is broken', () => {
    boot({ current: documentOf(...rotated) });
    at(1050);
    const broken = { keys: [jwkOf(revokedA), garbage] } as unknown as KeyInput;
    const taken = reload({ current: broken });
    expect(taken.refusal?.code).toBe('OIDC_KEY_MALFORMED');
    expect(saidOf(taken)).toEqual(['revoked a', 'promoted b']);
  });

  it('takes effect where the document is broken and the process has a plain key', () => {
    boot({ current: plain('a'), next: plain('b') });
    const taken = reload({ current: { keys: [jwkOf(revokedA), garbage] } });
    expect(taken.refusal?.code).toBe('OIDC_KEY_MALFORMED');
    expect(saidOf(taken)).toEqual(['revoked a', 'promoted b']);
  });

  it.each<[string, KeySlots]>([
    ['a document without the entry', { current: documentOf(rotated[1]!) }],
    ['a document that has the key again', { current: documentOf(...rotated) }],
    ['plain keys', { current: plain('b'), previous: plain('a') }],
  ])('is remembered, whatever is read later: %s', (_, later) => {
    boot({ current: documentOf(...rotated) });
    at(1050);
    reload({ current: documentOf(revokedA, rotated[1]!) });
    reload(later);
    reload({ current: documentOf(...rotated) });
    expect(view()).toBe('b |  | ');
  });

  it.each([
    ['by its kid', 'a'],
    ['by its thumbprint', setOf(a).keys[0]!.thumbprint],
  ])('of the revoked kids takes effect %s, for good, beside a key set', (_, name) => {
    const slots = { current: documentOf(...rotated), revokedKids: [name] };
    boot({ current: documentOf(...rotated) });
    at(1050);
    expect(saidOf(reload(slots))).toEqual(['revoked a', 'promoted b']);
    expect(kidsIn(booted(slots).view(clock.now))).toBe('b |  | ');
    reload({ current: documentOf(...rotated) });
    expect(view()).toBe('b |  | ');
  });

  it('of a key that the process does not know yet is remembered, too', () => {
    boot({ current: documentOf(a) });
    const broken = { keys: [jwkOf({ kid: 'b', revoked: 5 }), garbage] } as unknown as KeyInput;
    expect(reload({ current: broken }).refusal).toBeDefined();
    reload({ current: documentOf(...rotated) });
    expect(view()).toBe('a |  | ');
  });

  it('leaves the kid free for another key', () => {
    const { thumbprint } = setOf(a).keys[0]!;
    boot({ current: documentOf(...rotated) });
    const other = { ...jwkOf({ ...a, kid: 'c' }), kid: 'a' };
    const taken = reload({ current: { keys: [other, jwkOf(rotated[1]!)] }, revokedKids: [thumbprint] });
    expect(taken.refusal).toBeUndefined();
    expect(view()).toBe('a | b | ');
  });

  it('of a previous key beside a key set takes effect', () => {
    const slots = { current: documentOf(a), previous: plain('p') };
    boot(slots);
    expect(saidOf(reload({ ...slots, revokedKids: ['p'] }))).toEqual(['revoked p']);
    expect(view()).toBe('a |  | ');
  });

  it('of the default algorithm does not make another one the default', () => {
    const slots = { current: documentOf(a, { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 }) };
    const loaded = new KeyLoader().loadNow(slots, { algorithm: 'ES256' });
    lives = new LivesInService(loaded, revocationsIn(slots), clock.now, { ...options, algorithm: 'ES256' });
    expect(saidOf(reload({ ...slots, revokedKids: ['a'] }))).toEqual(['revoked a']);
    const { defaultAlgorithm, withoutSigner, nextChange } = lives.view(clock.now);
    expect([defaultAlgorithm?.names[0], withoutSigner.length, nextChange]).toEqual(['ES256', 1, undefined]);
  });

  it('of the last key leaves none to sign, and a document of which none is left is refused', () => {
    boot({ current: documentOf(a) });
    const taken = reload({ current: documentOf(revokedA) });
    expect(taken.refusal?.code).toBe('OIDC_KEY_NONE_TO_SIGN');
    expect(view()).toBe(' |  | ');
    expect(lives.view(clock.now).withoutSigner).toHaveLength(1);
    expect(errorOf(() => booted({ current: documentOf(revokedA) })).code).toBe('OIDC_KEY_NONE_TO_SIGN');
    // The key that `revoke` makes signs at once.
    reload({ current: documentOf(revokedA, { kid: 'c', iat: 1051 }) });
    expect(view()).toBe('c |  | ');
  });

  it('that a key set keeps for a year is not taken for a kid that is misspelt', () => {
    boot({ current: documentOf({ ...a, revoked: 5 }, { kid: 'c', iat: 5 }), revokedKids: ['a', 'x'] });
    expect(lives.view(clock.now).unknownRevocations.map(({ position }) => position)).toEqual([2]);
  });

  it('of an algorithm leaves it without a key, and until its tokens are gone nothing else signs by default', () => {
    const ed: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 };
    const slots = { current: documentOf({ ...a, revoked: 50 }, ed) };
    at(60);
    boot(slots);
    const { nextChange } = lives.view(clock.now);
    expect(Math.round((nextChange! - clock.monotonic) / 1000)).toBe(50 + 1030 - 60);
    expect(lives.view(clock.now)).toMatchObject({ withoutSigner: [{ names: ['ES256'] }] });
    at(50 + 1030);
    pass();
    expect(lives.view(clock.now).withoutSigner).toEqual([]);
    expect(lives.view(clock.now).defaultAlgorithm?.names[0]).toBe('EdDSA');
  });
});

describe('other keys', () => {
  it('previous ones stay beside a key set, for as long as they are configured', () => {
    const previous = plain('p');
    boot({ current: documentOf(...rotated), previous });
    expect(view()).toBe('a | b | p');
    at(5000);
    pass();
    expect(view()).toBe('b |  | p');
    expect(saidOf(reload({ current: documentOf(...rotated) }))).toEqual(['retired p']);
  });

  it('a previous key that is in the key set as well is one key', () => {
    boot({ current: documentOf(...rotated), previous: jwkOf({ ...a, isPublic: true }) });
    at(5000);
    pass();
    expect(view()).toBe('b |  | a');
  });

  it('a kid that is published names no other key', () => {
    boot({ current: documentOf(...rotated) });
    const taken = reload({ current: { keys: [{ ...jwkOf({ ...a, kid: 'c' }), kid: 'a' }] } });
    expect(taken.refusal?.code).toBe('OIDC_KEY_DUPLICATE_KID');
    expect(view()).toBe('a | b | ');
  });
});

describe('a plain key that becomes a key set, and back', () => {
  const rotatedPlain = async () => {
    const set = setOf({ kid: 'a' });
    return written(await rotate(set, { t: epoch + 1000, figures, make: making('b') }));
  };

  it('a rotation of it publishes the new key, and loses nothing', async () => {
    boot({ current: plain('a'), previous: plain('p') });
    at(1000);
    const set = await rotatedPlain();
    const b = told(set)[1]!.kid;
    expect(saidOf(reload({ current: set.toDocument() as KeyInput }))).toEqual([`published ${b}`]);
    // The previous key is no longer configured, and its tokens may live.
    expect(view()).toBe(`a | ${b} | p`);
    expect(warningsOf(lives.view(clock.now), clock.now).map(({ message }) => message)).toEqual([
      expect.stringContaining('Key p is no longer in the configuration'),
    ]);
    at(1100);
    expect(pass()).toEqual([`promoted ${b}`]);
    at(1000 + 1099);
    expect(pass()).toEqual([]);
    at(1000 + 1100);
    expect(pass()).toEqual(['retired p']);
    at(2130);
    expect(pass()).toEqual(['retired a']);
  });

  it('a key that is in neither the key set nor the other settings stays for its retention, and the signing one too', () => {
    boot({ current: plain('a') });
    expect(saidOf(reload({ current: documentOf({ kid: 'c', iat: -500, nbf: -400 }) }))).toEqual([
      'published c',
      'promoted c',
    ]);
    expect(view()).toBe('c |  | a');
    at(1099);
    expect(pass()).toEqual([]);
    at(1100);
    expect(pass()).toEqual(['retired a']);
  });

  it('keeps the end that a plain key had already, and wakes for it', () => {
    boot({ current: plain('a'), previous: plain('p') });
    reload({ current: plain('a') });
    at(500);
    reload({ current: documentOf(a) });
    expect(Math.round((lives.view(clock.now).nextChange! - clock.monotonic) / 1000)).toBe(600);
    at(1100);
    expect(pass()).toEqual(['retired p']);
  });

  it('lets the key set decide on every key that is in it', () => {
    boot({ current: plain('a') });
    reload({ current: documentOf({ kid: 'a', exp: 0 }, { kid: 'c', iat: -200, nbf: -100 }) });
    at(-100 + 1030);
    expect(pass()).toEqual(['retired a']);
  });

  it('takes revocations over in the same reading, and keeps them', () => {
    boot({ current: plain('a'), next: plain('b'), previous: plain('p') });
    expect(saidOf(reload({ current: documentOf(...rotated), revokedKids: ['a'] }))).toEqual([
      'revoked a',
      'promoted b',
    ]);
    expect(view()).toBe('b |  | p');
    reload({ current: documentOf(...rotated), revokedKids: ['p'] });
    reload({ current: documentOf(...rotated) });
    expect(view()).toBe('b |  | ');
    expect(lives.view(clock.now).unknownRevocations).toEqual([]);
  });

  it('back again a plain key signs at once for an algorithm that lost its own', () => {
    const e: KeyOfTest = { kid: 'e', alg: 'EdDSA', iat: 0, nbf: 0 };
    boot({ current: documentOf({ ...a, revoked: 0 }, e) });
    const both = [plain('c'), { key: pemOf(privateKeyNamed('e', 'EdDSA')), kid: 'e' }] as KeyInput[];
    const slots = { current: both };
    const loaded = new KeyLoader().loadNow(slots, { algorithm: 'ES256', isRevoked: lives.isRevoked });
    expect(saidOf(lives.takeOver(revocationsIn(slots), loaded, clock.now))).toEqual([
      'published c',
      'promoted c',
    ]);
  });

  it('a change to plain keys that is refused leaves the key set in charge', () => {
    boot({ current: documentOf(...rotated) });
    expect(reload({ current: { key: pemOf(privateKeyNamed('c')), kid: 'a' } }).refusal).toBeDefined();
    at(1100);
    expect(pass()).toEqual(['promoted b']);
  });

  it('back again the key that signs goes on, and what the plain configuration does not name stays', () => {
    at(1200);
    boot({ current: documentOf(...rotated) });
    expect(view()).toBe('b |  | a');
    expect(saidOf(reload({ current: plain('b') }))).toEqual([]);
    expect(view()).toBe('b |  | a');
    at(1200 + 1099);
    expect(pass()).toEqual([]);
    at(1200 + 1100);
    expect(pass()).toEqual(['retired a']);
  });

  it('back again a new key waits until relying parties know it, and then the one of the key set is kept', () => {
    boot({ current: documentOf(a) });
    expect(saidOf(reload({ current: plain('c') }))).toEqual(['published c']);
    expect(view()).toBe('a | c | ');
    at(100);
    expect(pass()).toEqual(['promoted c']);
    expect(view()).toBe('c |  | a');
  });

  it('a plain key signs at once where the key set had none left', () => {
    boot({ current: documentOf(a) });
    reload({ current: documentOf({ ...a, revoked: 0 }) });
    expect(saidOf(reload({ current: plain('c') }))).toEqual(['published c', 'promoted c']);
  });

  it.each<[string, KeySlots, KeySlots, string]>([
    [
      'to a key set',
      { current: plain('a') },
      { current: { keys: [{ ...jwkOf({ kid: 'c', iat: 0 }), kid: 'a' }] } },
      'a |  | ',
    ],
    [
      'to plain keys',
      { current: documentOf(a) },
      { current: { key: pemOf(privateKeyNamed('c')), kid: 'a' } },
      'a |  | ',
    ],
  ])('a change %s that is refused leaves what is there', (_, before, after, left) => {
    boot(before);
    expect(reload(after).refusal?.code).toBe('OIDC_KEY_DUPLICATE_KID');
    expect(view()).toBe(left);
    expect(reload(before).refusal).toBeUndefined();
  });
});
