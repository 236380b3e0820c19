import { Subject } from 'rxjs';
import type { Observable } from 'rxjs';

import type { OidcKeyError } from '../core/errors.js';
import { replacementsIn } from './changes-between.js';
import type { Moment } from './clock.js';
import { waitingEvent } from './rotation-event.js';
import type { Change, KeyRotationEvent } from './rotation-event.js';
import { changed, notReloaded, replacedAtOnce } from './rotation-messages.js';
import type { RotationView } from './rotation-view.js';
import { Warnings, warningsOf } from './warnings.js';

/** What a rotation says to whoever runs the server. */
export interface RotationLog {
  log(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

/** Says what happened to the keys: to the log, and as events. */
export class Announcements {
  readonly #log: RotationLog;
  readonly #events = new Subject<KeyRotationEvent>();
  readonly #warnings = new Warnings();

  constructor(log: RotationLog) {
    this.#log = ofOneLine(log);
  }

  get events$(): Observable<KeyRotationEvent> {
    return this.#events.asObservable();
  }

  /** What changed, and what the log has not been warned of yet. */
  changes(changes: readonly Change[], view: RotationView, now: Moment, isReload: boolean): void {
    const at = new Date(now.wall);
    for (const change of changes) {
      this.#log.log(changed(change));
      this.#events.next({ ...change, at });
    }
    for (const replacement of isReload ? replacementsIn(changes) : []) {
      this.#log.warn(replacedAtOnce(replacement));
    }
    for (const { message, waiting } of this.#warnings.newOf(warningsOf(view, now), isReload)) {
      this.#log.warn(message);
      if (waiting) this.#events.next({ ...waitingEvent(waiting, now), at });
    }
  }

  loaded(kids: readonly string[], at: Date): void {
    this.#events.next({ type: 'loaded', at, kids });
  }

  failed({ code, message }: OidcKeyError, at: Date): void {
    this.#log.error(notReloaded(code, message));
    this.#events.next({ type: 'reload-failed', at, code, message });
  }

  warn(message: string): void {
    this.#log.warn(message);
  }

  end(): void {
    this.#events.complete();
  }
}

/** The same log, to which every message is a line. */
export function ofOneLine(log: RotationLog): RotationLog {
  return {
    log: (message) => log.log(onOneLine(message)),
    warn: (message) => log.warn(onOneLine(message)),
    error: (message) => log.error(onOneLine(message)),
  };
}

/** A kid is whatever its owner wrote, and must not look like a line of its own. */
function onOneLine(message: string): string {
  return message.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) => JSON.stringify(character).slice(1, -1));
}
