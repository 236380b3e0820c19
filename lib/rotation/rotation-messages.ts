import type { VerificationKey } from '../core/key/verification-key.js';
import type { UnknownRevocation } from './revocations.js';
import type { Replacement } from './changes-between.js';
import type { Change } from './rotation-event.js';

export function changed(change: Change): string {
  switch (change.type) {
    case 'published':
      return `${change.algorithm} key ${change.kid} is published and accepted from now on (${change.slot})`;
    case 'promoted':
      return `${change.algorithm} key ${change.kid} signs now${change.replaced ? `, in place of ${change.replaced}` : ''}`;
    default:
      return `Key ${change.kid} was ${change.type}, and is no longer published or accepted`;
  }
}

export function waits({ alg, kid }: VerificationKey, until: Date, isScheduled: boolean): string {
  return (
    `${alg} key ${kid} signs from ${until.toISOString()} on: ` +
    `${isScheduled ? 'its schedule is too soon' : 'it was not published before'}, and relying parties may not know it until then`
  );
}

export function retained(kid: string, until: Date): string {
  return (
    `Key ${kid} is no longer in the configuration, but tokens that it signed may still be valid: it stays published ` +
    `until ${until.toISOString()}, or until this process ends`
  );
}

export function trustedSchedule({ alg, kid, where }: VerificationKey, instant: Date): string {
  return (
    `${alg} key ${kid} (${where}) signs since this process started, because the instant at which next keys start to ` +
    `sign, ${instant.toISOString()}, has passed. If relying parties have known the key for long, make it the current ` +
    'key and remove the instant. If it is new, set an instant that lies ahead'
  );
}

export function replacedAtOnce({ algorithm, kid, replaced }: Replacement): string {
  return (
    `${algorithm} key ${kid} signs at once, since ${replaced}, which signed until now, is gone from where the keys come ` +
    'from: relying parties may not know the one yet, and tokens of the other are refused. Where nobody wanted that, as when a ' +
    'key was deleted and made again under its name, bring the other one back'
  );
}

export function renamed({ kid, where }: VerificationKey, formerly: string): string {
  return (
    `${where} is a key that this process knows as ${formerly}, under another kid, ${kid}. Tokens that it signed carry ` +
    'the former one, and are refused after a restart. Give the key its former kid: `{ key, kid }`, or a JWK with "kid"'
  );
}

export function unknownRevocation({ position, characters, nearest }: UnknownRevocation): string {
  return (
    `Entry ${position} of the revoked kids (${characters} characters) is no key of this process, now or earlier: nothing ` +
    `is revoked by it. ${nearest === undefined ? '' : `It is nearly ${nearest}, which is one. `}Check how it is spelt ` +
    '(`npx nestjs-oidc-key inspect` shows kids), or remove it if that key is gone'
  );
}

export function notReloaded(code: string, message: string): string {
  return `The keys were not reloaded; the last good ones stay in service, but for what was revoked. ${code}: ${message}`;
}
