import type { SigningKey } from '../core/key/signing-key.js';
import type { Change } from './rotation-event.js';

export function changed(change: Change): string {
  if (change.type === 'promoted') {
    return `${change.algorithm} key ${change.kid} signs now${change.replaced ? `, in place of ${change.replaced}` : ''}`;
  }
  return `Key ${change.kid} was ${change.type}, and is no longer published or accepted`;
}

export function waits({ algorithm, kid }: SigningKey, until: Date, isScheduled: boolean): string {
  return (
    `${algorithm} key ${kid} signs from ${until.toISOString()} on: ` +
    `${isScheduled ? 'its schedule is too soon' : 'it was not published before'}, and relying parties may not know it until then`
  );
}

export function droppedEarly(kid: string, goesAt: Date): string {
  return (
    `Key ${kid} is no longer in the configuration, but tokens that it signed may still be valid: it stays published ` +
    `until ${goesAt.toISOString()}, or until this process ends`
  );
}

export function notReloaded(code: string, message: string): string {
  return `The keys were not reloaded; the last good ones stay in service, but for what was revoked. ${code}: ${message}`;
}
