import { createPublicKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import { makeRsaKey } from './keys.js';
import { base64url, forge, forgeHmac, forgePss, publicPemOf } from './tokens.js';

/** Header and claims of a real token, and the key that signed it. */
export interface Original {
  readonly key: KeyObject;
  readonly header: Record<string, unknown>;
  readonly claims: Record<string, unknown>;
}

/** A token that must be refused wherever the original is good. */
export type Forgery = [title: string, make: (original: Original) => string];

const attacker = makeRsaKey();

const publicFormsOf: [string, (key: KeyObject) => string | Buffer][] = [
  ['public PEM', publicPemOf],
  ['trimmed public PEM', (key) => publicPemOf(key).trim()],
  ['public DER', (key) => createPublicKey(key).export({ format: 'der', type: 'spki' })],
  ['modulus', (key) => Buffer.from(createPublicKey(key).export({ format: 'jwk' }).n!, 'base64url')],
  ['modulus as text', (key) => createPublicKey(key).export({ format: 'jwk' }).n!],
];

const unsigned = ({ header, claims }: Original, alg: unknown) =>
  `${base64url({ ...header, alg })}.${base64url(claims)}.`;

const withHeader = (title: string, members: Record<string, unknown>, by?: KeyObject): Forgery => [
  title,
  ({ key, header, claims }) => forge(by ?? key, { ...header, ...members }, claims),
];

const inParts = (title: string, make: (parts: [string, string, string]) => string): Forgery => [
  title,
  ({ key, header, claims }) => make(forge(key, header, claims).split('.') as [string, string, string]),
];

export const forgeries: Forgery[] = [
  ...publicFormsOf.map(([name, secretOf]): Forgery => [
    `attack 5: HS256 keyed with the ${name}`,
    ({ key, header, claims }) => forgeHmac(secretOf(key), { ...header, alg: 'HS256' }, claims),
  ]),
  ...['none', 'nOnE', undefined].flatMap((alg): Forgery[] => [
    [`attack 5: alg ${alg} and no signature`, (original) => unsigned(original, alg)],
    withHeader(`attack 5: alg ${alg} and a good signature`, { alg }),
  ]),
  ['attack 5: RS512', ({ key, header, claims }) => forge(key, { ...header, alg: 'RS512' }, claims, 'sha512')],
  ['attack 5: RS1', ({ key, header, claims }) => forge(key, { ...header, alg: 'RS1' }, claims, 'sha1')],
  ['attack 5: PS256', ({ key, header, claims }) => forgePss(key, { ...header, alg: 'PS256' }, claims)],

  withHeader('attack 6: a jwk', { jwk: createPublicKey(attacker).export({ format: 'jwk' }) }, attacker),
  withHeader('attack 6: a jku', { jku: 'http://127.0.0.1:9/jwks.json' }, attacker),
  withHeader('attack 6: an x5u', { x5u: 'http://127.0.0.1:9/certificate.pem' }, attacker),
  withHeader('attack 6: a foreign key under our kid', {}, attacker),
  withHeader('attack 6: a foreign key without kid', { kid: undefined }, attacker),
  withHeader('attack 6: an unknown kid', { kid: 'unknown' }),
  withHeader('attack 6: an unknown crit', { crit: ['x'], x: 1 }),
  withHeader('attack 6: an empty crit', { crit: [] }),
  withHeader('attack 6: b64 false', { b64: false, crit: ['b64'] }),

  inParts(
    'attack 7: another header',
    ([, p, s]) => `${base64url({ alg: 'RS256', typ: 'at+jwt' })}.${p}.${s}`,
  ),
  inParts('attack 7: another payload', ([h, , s]) => `${h}.${base64url({ sub: 'mallory' })}.${s}`),
  inParts('attack 7: an empty signature', ([h, p]) => `${h}.${p}.`),
  inParts('attack 7: 2 parts', ([h, p]) => `${h}.${p}`),
  inParts('attack 7: 4 parts', ([h, p, s]) => `${h}.${p}.${s}.${s}`),
  inParts('attack 7: 5 parts', ([h, p, s]) => `${h}.${p}.${s}.${p}.${s}`),
  inParts('attack 7: JSON serialization', ([protectedHeader, payload, signature]) =>
    JSON.stringify({ protected: protectedHeader, payload, signature }),
  ),
  ['attack 7: a list as payload', ({ key, header, claims }) => forge(key, header, [claims])],
  ['attack 7: null as payload', ({ key, header }) => forge(key, header, 'null')],
  [
    'attack 7: 1 MB',
    ({ key, header, claims }) => forge(key, header, { ...claims, big: 'x'.repeat(1_000_000) }),
  ],
];
