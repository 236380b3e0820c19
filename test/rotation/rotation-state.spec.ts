import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { SigningKey } from '../../lib/core/key/signing-key.js';
import { VerificationKey } from '../../lib/core/key/verification-key.js';
import type { Plan } from '../../lib/rotation/plan.js';
import { RotationState } from '../../lib/rotation/rotation-state.js';
import { errorOf } from '../support/errors.js';

const minute = 60_000;
const timing = { propagation: 10 * minute, retention: 100 * minute };
const start = Date.parse('2030-01-01T00:00:00Z');

// EC keys, because they are made at once.
const make = (kid: string) => {
  const { privateKey: keyObject } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return new SigningKey({ keyObject, kid, where: kid });
};
const [a, b, c] = [make('a'), make('b'), make('c')];
const rsa = new SigningKey({
  keyObject: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  kid: 'rsa',
  where: 'rsa',
});
const publicA = new VerificationKey({
  keyObject: createPublicKey(a.publicKey.export({ format: 'pem', type: 'spki' })),
  kid: 'a',
  where: 'a',
});

class FakeClock {
  now = 1_000_000;
  offset = start - 1_000_000;
  wall = () => this.now + this.offset;
  monotonic = () => this.now;
}

let clock: FakeClock;
let state: RotationState;
beforeEach(() => {
  clock = new FakeClock();
});

const plan = (slots: Partial<Plan>): Plan => ({ current: [a], next: [], previous: [], ...slots });
const boot = (slots: Partial<Plan>, revoked: string[] = []) => {
  state = new RotationState(plan(slots), new Set(revoked), clock, timing);
};
const view = () => {
  const { current, next, previous } = state.slots();
  return [current, next, previous].map((keys) => keys.map(({ kid }) => kid).join()).join(' | ');
};
const pass = (minutes: number) => {
  clock.now += minutes * minute;
  return state.advance();
};

describe('a boot', () => {
  it('trusts its slots', () => {
    boot({ current: [a], next: [b], previous: [c] });
    expect(view()).toBe('a | b | c');
  });

  it('trusts a schedule that has come', () => {
    boot({ next: [b], nextActivatesAt: start - 1 });
    expect(view()).toBe('b |  | a');
  });

  it('trusts a schedule that will come, to the instant, so that a new replica agrees with the rest', () => {
    boot({ next: [b], nextActivatesAt: start + minute });
    expect(view()).toBe('a | b | ');
    expect(state.untilNextChange()).toBe(minute);
    expect(pass(1)).toEqual([{ type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: 'a' }]);
    expect(view()).toBe('b |  | a');
  });

  it('leaves out what is revoked, and promotes what replaces it', () => {
    boot({ next: [b], previous: [c] }, ['a', 'c']);
    expect(view()).toBe('b |  | ');
    boot({}, ['a']);
    expect(view()).toBe(' |  | ');
    expect(state.withoutSigner()).toEqual(['ES256']);
  });
});

describe('the guard', () => {
  it('publishes a bare replacement at once, and lets it sign after propagation', () => {
    boot({});
    expect(state.configure(plan({ current: [b] }))).toEqual([]);
    expect(view()).toBe('a | b | ');
    expect(pass(9.99)).toEqual([]);
    expect(pass(0.01)).toEqual([{ type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: 'a' }]);
    expect(view()).toBe('b |  | a');
  });

  it('counts the time that a key was in next', () => {
    boot({});
    state.configure(plan({ next: [b] }));
    pass(10);
    expect(state.configure(plan({ current: [b], previous: [a] }))).toHaveLength(1);
    expect(view()).toBe('b |  | a');
  });

  it('holds a promotion that comes too soon after next, and the swap of all slots', () => {
    boot({});
    state.configure(plan({ next: [b] }));
    pass(4);
    state.configure(plan({ current: [b], previous: [publicA] }));
    expect(view()).toBe('a | b | ');
    pass(6);
    expect(view()).toBe('b |  | a');
  });

  it('holds a schedule that is sooner than a new key can be known', () => {
    boot({});
    state.configure(plan({ next: [b], nextActivatesAt: clock.wall() + minute }));
    pass(1);
    expect(view()).toBe('a | b | ');
    expect(state.pending()).toEqual([{ key: b, signsAt: clock.now + 9 * minute }]);
    pass(9);
    expect(view()).toBe('b |  | a');
  });

  it('holds a schedule of the boot that was moved forward', () => {
    boot({ next: [b], nextActivatesAt: start + 60 * minute });
    pass(1);
    state.configure(plan({ next: [b], nextActivatesAt: clock.wall() }));
    expect(view()).toBe('a | b | ');
    pass(9);
    expect(view()).toBe('b |  | a');
  });

  it('holds a key of a new algorithm, too', () => {
    boot({});
    state.configure(plan({ current: [a, rsa] }));
    expect(view()).toBe('a | rsa | ');
    pass(10);
    expect(state.slots().current.map(({ kid }) => kid)).toEqual(['a', 'rsa']);
  });

  it('lets a key that signed before sign again at once', () => {
    boot({});
    state.configure(plan({ current: [b] }));
    pass(10);
    expect(state.configure(plan({ current: [a] }))).toHaveLength(1);
    expect(view()).toBe('a |  | b');
  });
});

describe('the wall clock', () => {
  it('that is set back does not undo a promotion, and one that is set forward only starts the schedule', () => {
    boot({ next: [b], nextActivatesAt: start + 30 * minute });
    clock.offset += 60 * minute;
    state.advance();
    expect(view()).toBe('b |  | a');
    clock.offset -= 120 * minute;
    state.advance();
    expect(view()).toBe('b |  | a');
    state.configure(plan({ next: [b], nextActivatesAt: start + 30 * minute }));
    expect(view()).toBe('b |  | a');
  });

  it('has no part in guard and retention', () => {
    boot({ previous: [c] });
    state.configure(plan({ current: [b] }));
    clock.offset += 1000 * minute;
    expect(state.advance()).toEqual([]);
    expect(view()).toBe('a | b | c');
    clock.offset -= 2000 * minute;
    pass(10);
    expect(view()).toBe('b |  | a,c');
  });
});

describe('retention', () => {
  it('keeps a key that vanished until retention has passed since it last signed', () => {
    boot({});
    state.configure(plan({ current: [b] }));
    pass(10);
    state.configure(plan({ current: [b] }));
    expect(view()).toBe('b |  | a');
    expect(pass(99.9)).toEqual([]);
    expect(pass(0.1)).toEqual([{ type: 'retired', kid: 'a' }]);
    expect(view()).toBe('b |  | ');
  });

  it('keeps a previous key that is dropped early, counted from the boot', () => {
    boot({ previous: [c] });
    pass(40);
    state.configure(plan({}));
    expect(view()).toBe('a |  | c');
    expect(state.kept()).toEqual([{ kid: 'c', goesAt: clock.now + 60 * minute }]);
    pass(60);
    expect(view()).toBe('a |  | ');
  });

  it('keeps a next key that is dropped, because another replica may have signed with it', () => {
    boot({ next: [b] });
    pass(40);
    state.configure(plan({}));
    expect(view()).toBe('a |  | b');
    pass(99);
    expect(view()).toBe('a |  | b');
    pass(1);
    expect(view()).toBe('a |  | ');
  });

  it('lets go at once what configuration names no more after retention', () => {
    boot({ previous: [c] });
    pass(100);
    expect(view()).toBe('a |  | c');
    expect(state.configure(plan({}))).toEqual([{ type: 'retired', kid: 'c' }]);
  });

  it('keeps no private half of a key that signs no more', () => {
    boot({});
    state.configure(plan({ current: [b] }));
    pass(10);
    expect(state.slots().previous[0]).not.toBeInstanceOf(SigningKey);
    expect(state.slots().previous[0]!.publicJwk).toEqual(a.publicJwk);
  });

  it('orders what is kept newest first', () => {
    boot({ previous: [c] });
    state.configure(plan({ current: [b], previous: [c] }));
    pass(10);
    expect(view()).toBe('b |  | a,c');
  });
});

describe('revocation', () => {
  it('removes a key from every slot at once', () => {
    boot({ next: [b], previous: [c] });
    expect(state.revoke(new Set(['b', 'c', 'unknown']))).toEqual([
      { type: 'revoked', kid: 'b' },
      { type: 'revoked', kid: 'c' },
    ]);
    expect(view()).toBe('a |  | ');
  });

  it('of the current key promotes next at once, past guard and schedule', () => {
    boot({});
    state.configure(plan({ next: [b], nextActivatesAt: clock.wall() + 1000 * minute }));
    expect(state.revoke(new Set(['a']))).toEqual([
      { type: 'revoked', kid: 'a' },
      { type: 'promoted', kid: 'b', algorithm: 'ES256', replaced: undefined },
    ]);
    expect(view()).toBe('b |  | ');
  });

  it('of the current key promotes a configured replacement that still waited', () => {
    boot({});
    state.configure(plan({ current: [b] }));
    expect(view()).toBe('a | b | ');
    state.revoke(new Set(['a']));
    expect(view()).toBe('b |  | ');
  });

  it('of the only key leaves none to sign, until configuration brings one, which signs at once', () => {
    boot({});
    state.revoke(new Set(['a']));
    expect(view()).toBe(' |  | ');
    expect(state.withoutSigner()).toEqual(['ES256']);
    state.configure(plan({ current: [b] }));
    expect(view()).toBe('b |  | ');
    expect(state.withoutSigner()).toEqual([]);
  });

  it('is not undone by configuration that still names the key', () => {
    boot({ next: [b] });
    state.revoke(new Set(['a']));
    state.configure(plan({ current: [a], next: [b], previous: [] }));
    expect(view()).toBe('b |  | ');
  });

  it('removes a key that was only kept', () => {
    boot({});
    state.configure(plan({ current: [b] }));
    pass(10);
    expect(view()).toBe('b |  | a');
    state.revoke(new Set(['a']));
    expect(view()).toBe('b |  | ');
  });
});

describe('a change of algorithm', () => {
  it('lets the old algorithm sign until the new one may', () => {
    boot({ current: [rsa] });
    state.configure(plan({ current: [a] }));
    expect(view()).toBe('rsa | a | ');
    pass(10);
    expect(view()).toBe('a |  | rsa');
  });

  it('needs no waiting where nothing signs at all', () => {
    boot({});
    state.revoke(new Set(['a']));
    state.configure(plan({ current: [rsa] }));
    expect(view()).toBe('rsa |  | ');
    expect(state.withoutSigner()).toEqual([]);
  });

  it('makes an algorithm whose key was revoked, and that is dropped, an ordinary one again', () => {
    boot({ current: [a, rsa] });
    state.revoke(new Set(['a']));
    expect(state.withoutSigner()).toEqual(['ES256']);
    state.configure(plan({ current: [rsa] }));
    expect(state.withoutSigner()).toEqual([]);
    state.configure(plan({ current: [rsa, b] }));
    expect(view()).toBe('rsa | b | ');
  });
});

describe('what must not shorten the wait', () => {
  it('a schedule of the boot does not cover a promotion before its instant', () => {
    boot({ next: [b], nextActivatesAt: start + 60 * minute });
    pass(1);
    state.configure(plan({ current: [b], previous: [a], nextActivatesAt: start + 60 * minute }));
    expect(view()).toBe('a | b | ');
  });

  it('a schedule that is corrected to a later instant is the later one', () => {
    boot({});
    state.configure(plan({ next: [b], nextActivatesAt: start - minute }));
    state.configure(plan({ next: [b], nextActivatesAt: start + 60 * minute }));
    pass(30);
    expect(view()).toBe('a | b | ');
    pass(30);
    expect(view()).toBe('b |  | a');
  });

  it('another key under a kid that is still published is refused', () => {
    boot({});
    const impostor = make('a');
    expect(errorOf(() => state.refuseReusedKids(plan({ current: [impostor] }))).code).toBe(
      'OIDC_KEY_DUPLICATE_KID',
    );
    expect(() => state.refuseReusedKids(plan({ current: [a], next: [b] }))).not.toThrow();
  });
});

it('revoking a replacement that waits leaves the one that signs', () => {
  boot({});
  state.configure(plan({ current: [b] }));
  state.revoke(new Set(['b']));
  expect(view()).toBe('a |  | ');
});

it('tells of a schedule when it is too soon, and when it will come', () => {
  boot({});
  state.configure(plan({ next: [b], nextActivatesAt: clock.wall() + minute }));
  expect(state.pending()).toEqual([{ key: b, signsAt: clock.now + 10 * minute }]);
  expect(state.scheduledAt('b')).toBe(clock.now + minute);
  expect(state.untilNextChange()).toBe(10 * minute);
});

it('an algorithm that configuration drops signs no more, and its key stays published', () => {
  boot({ current: [a, rsa] });
  state.configure(plan({ current: [rsa] }));
  expect(view()).toBe('rsa |  | a');
});

it('says how long until something changes', () => {
  boot({});
  expect(state.untilNextChange()).toBeUndefined();
  state.configure(plan({ current: [b] }));
  expect(state.untilNextChange()).toBe(10 * minute);
  pass(10);
  expect(state.untilNextChange()).toBe(100 * minute);
});
