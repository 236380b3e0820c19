import { OidcKeyError } from '../core/errors.js';
import type { KeyInput } from '../core/reading/key-material.js';
import { isObject } from '../core/objects.js';
import type { KeySettings } from '../core/reading/key-settings.js';
import type { KeySlots, KeySource } from '../sources/key-source.js';

/**
 * What a source had at one moment, its keys not parsed yet. The two halves are apart because a revocation takes
 * effect even where the rest is not sound; each throws what is wrong with it.
 */
export interface Reading {
  revokedKids(): readonly string[];
  keys(): KeySettings & { readonly nextActivatesAt?: number | undefined };
}

/** A source of readings: what a reload asks. */
export interface ReadingSource {
  /** The signal aborts when nobody waits for the answer any more; a boot always waits. */
  read(signal?: AbortSignal): Promise<Reading>;
  watch?(changed: () => void): () => void;
}

/** @throws OidcKeyError what the source rejects with, or `OIDC_KEY_SOURCE_FAILED` */
export async function readFrom(source: ReadingSource, signal?: AbortSignal): Promise<Reading> {
  try {
    return await source.read(signal);
  } catch (error) {
    throw failureOf(error);
  }
}

/** @throws OidcKeyError `OIDC_KEY_SOURCE_FAILED` */
export function watchSource(source: ReadingSource, changed: () => void): (() => void) | undefined {
  try {
    return source.watch?.(changed);
  } catch (error) {
    throw failureOf(error);
  }
}

/** What may be said of a failure. What an application's own source throws may hold anything, a key included. */
export function failureOf(error: unknown): OidcKeyError {
  if (error instanceof OidcKeyError) return error;
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  const words = [name, code].filter((word) => typeof word === 'string' && /^\w{1,40}$/.test(word));
  return new OidcKeyError(
    'OIDC_KEY_SOURCE_FAILED',
    `The key source failed or did not answer (${words.join(', ') || 'no reason given'}). ` +
      'Let it reject with an OidcKeyError to say why.',
  );
}

const patience = 30_000;

/** A source that an application gave, whose slots have no setting's name. */
export function readingSource(source: KeySource): ReadingSource {
  return {
    read: async (signal) => readingOf(await loadInTime(source, signal), 'The source’s slot'),
    ...(source.watch && { watch: (changed) => source.watch!(changed) }),
  };
}

/** Asks for as long as somebody may reasonably wait. */
async function loadInTime(source: KeySource, signal?: AbortSignal): Promise<KeySlots> {
  signal?.throwIfAborted();
  const loading = new AbortController();
  const abort = () => loading.abort(signal?.reason);
  const tooLate = () =>
    loading.abort(new DOMException('The key source did not answer in time', 'TimeoutError'));
  // Not AbortSignal.any and timeout: the one is kept by a signal that lives long, the other lets a boot end silently.
  const timer = setTimeout(tooLate, patience);
  signal?.addEventListener('abort', abort);
  try {
    const aborted = new Promise<never>((_, reject) => {
      loading.signal.addEventListener('abort', () => reject(loading.signal.reason as Error));
    });
    return await Promise.race([source.load(loading.signal), aborted]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

const slotNames = ['current', 'next', 'previous', 'revokedKids', 'nextActivatesAt'];

/** A reading of slots that are given as values. */
export function readingOf(slots: KeySlots, label: string): Reading {
  const unknown = isObject(slots) ? Object.keys(slots).find((name) => !slotNames.includes(name)) : 'nothing';
  if (unknown !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      `The source gave "${unknown}", where only ${slotNames.join(', ')} are known.`,
    );
  }
  const setting = (slot: 'current' | 'next' | 'previous') => ({
    name: `${label} "${slot}"`,
    value: slots[slot] as KeyInput | KeyInput[],
  });
  return {
    revokedKids: () => checkedKids(slots.revokedKids ?? [], `${label} "revokedKids"`),
    keys: () => ({
      current: setting('current'),
      next: slots.next === undefined ? undefined : setting('next'),
      previous: slots.previous === undefined ? undefined : setting('previous'),
      nextActivatesAt: checkedInstant(slots.nextActivatesAt, `${label} "nextActivatesAt"`),
    }),
  };
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkedKids(kids: unknown, name: string): readonly string[] {
  if (Array.isArray(kids) && kids.every((kid) => typeof kid === 'string')) return kids;
  throw new OidcKeyError('OIDC_KEY_INVALID_OPTION', `${name} has to be a list of kids.`);
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function checkedInstant(instant: unknown, name: string): number | undefined {
  if (instant === undefined) return undefined;
  if (instant instanceof Date && Number.isFinite(instant.getTime())) return instant.getTime();
  throw new OidcKeyError('OIDC_KEY_INVALID_OPTION', `${name} has to be a Date.`);
}
