import * as fc from 'fast-check';

import { at, place } from '../places.js';

/** What a transfer, an editor or an attacker does to bytes. */
const damages = {
  'flip a bit': (bytes: Buffer, from: number, _to: number, value: number) => {
    const copy = Buffer.from(bytes);
    const index = at(from, copy.length);
    if (copy.length > 0) copy[index]! ^= 1 << (value % 8);
    return copy;
  },
  'set a byte': (bytes: Buffer, from: number, _to: number, value: number) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at(from, copy.length)] = value;
    return copy;
  },
  // The lengths and tags of the structure stand in the first bytes.
  'set a byte near the beginning': (bytes: Buffer, from: number, _to: number, value: number) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at(from, Math.min(copy.length, 40))] = value;
    return copy;
  },
  'cut the end': (bytes: Buffer, from: number) => bytes.subarray(0, at(from, bytes.length)),
  'cut the beginning': (bytes: Buffer, from: number) => bytes.subarray(at(from, bytes.length)),
  'cut out': (bytes: Buffer, from: number, to: number) => {
    const [start, end] = rangeOf(bytes, from, to);
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)]);
  },
  repeat: (bytes: Buffer, from: number, to: number) => {
    const [start, end] = rangeOf(bytes, from, to);
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(start)]);
  },
  'swap two halves': (bytes: Buffer, from: number) => {
    const middle = at(from, bytes.length);
    return Buffer.concat([bytes.subarray(middle), bytes.subarray(0, middle)]);
  },
  insert: (bytes: Buffer, from: number, to: number, value: number) => {
    const index = at(from, bytes.length);
    return Buffer.concat([
      bytes.subarray(0, index),
      Buffer.alloc(1 + at(to, 300), value),
      bytes.subarray(index),
    ]);
  },
  fill: (bytes: Buffer, from: number, to: number, value: number) => {
    const [start, end] = rangeOf(bytes, from, to);
    return Buffer.from(bytes).fill(value, start, end);
  },
} as const;

function rangeOf(bytes: Buffer, from: number, to: number): [number, number] {
  const [start, end] = [at(from, bytes.length), at(to, bytes.length)];
  return start < end ? [start, end] : [end, start];
}

export interface ByteDamage {
  readonly damage: keyof typeof damages;
  readonly from: number;
  readonly to: number;
  readonly value: number;
}

export const byteDamage: fc.Arbitrary<ByteDamage> = fc.record({
  damage: fc.constantFrom(...(Object.keys(damages) as (keyof typeof damages)[])),
  from: place,
  to: place,
  value: fc.nat(255),
});

export function damageBytes(bytes: Buffer, all: readonly ByteDamage[]): Buffer {
  return all.reduce(
    (value, { damage, from, to, value: byte }) => damages[damage](value, from, to, byte),
    bytes,
  );
}
