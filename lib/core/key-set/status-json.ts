import { utc } from './instants.js';
import type { KeySetView, KeyView } from './key-set-view.js';
import type { Advice } from './safe-now.js';

/** What `status --json` writes. Instants are ISO 8601 in UTC, and null where nothing says one. */
export function statusJson(view: KeySetView, advice: readonly Advice[]): Record<string, unknown> {
  return {
    now: utc(view.now),
    nextChange: instant(view.nextChange),
    keys: view.keys.map(keyJson),
    withoutSigner: view.withoutSigner.map(({ names: [alg] }) => alg),
    advice,
    warnings: view.warnings,
  };
}

function keyJson({ key, state, isPublished, signs, since, until, successor, line }: KeyView): object {
  return {
    kid: key.kid,
    thumbprint: key.thumbprint,
    algorithm: key.alg,
    state,
    published: isPublished,
    signs,
    since: instant(since),
    until: instant(until),
    successor: successor?.kid ?? null,
    held: key.signer === undefined ? (key.hasPrivateHalf ? 'here' : null) : 'elsewhere',
    revoked: key.revoked ? { at: utc(key.revoked.revoked_at), reason: key.revoked.reason ?? null } : null,
    life: line.map((span) => ({ state: span.state, from: instant(span.from), until: instant(span.until) })),
  };
}

function instant(seconds: number | undefined): string | null {
  return seconds === undefined || !Number.isFinite(seconds) ? null : utc(seconds);
}
