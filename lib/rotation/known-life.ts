import type { Moment } from './clock.js';

/** The life of a key as this process knows it. Instants are monotonic, in milliseconds. */
export interface KnownLife {
  readonly publishedSince: number;
  /** From then on relying parties can know the key. */
  readonly signsFrom: number;
  /** Undefined for as long as configuration names the key, or it signs. */
  readonly publishedUntil: number | undefined;
}

/** Whether a key may sign, as far as its own life says. */
export function maySign({ signsFrom }: KnownLife, now: Moment): boolean {
  return now.monotonic >= signsFrom;
}

/** Whether tokens that a key signed may still be valid, or others may be signed. */
export function isPublished({ publishedUntil }: KnownLife, now: Moment): boolean {
  return publishedUntil === undefined || now.monotonic < publishedUntil;
}
