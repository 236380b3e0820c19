import * as fc from 'fast-check';

/** A place in something whose length is not known yet: a fraction of it, in 65536ths. */
export const place = fc.nat(0xffff);

export function at(fraction: number, length: number): number {
  return Math.floor((fraction / 0x10000) * length);
}
