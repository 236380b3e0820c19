import { ModuleProcess } from './module-process.js';
import type { ModuleOnToken } from './module-process.js';

interface Shared {
  readonly process: ModuleProcess;
  users: number;
}

/**
 * One process for each module and token, whoever uses it: a module is loaded once, a token has few sessions, and a PIN that
 * was refused to one user is refused to all.
 */
const shared = new Map<string, Shared>();

/** A share in the process for a module and a token. It starts when it is asked, and ends when nobody is left. */
export function processFor(of: ModuleOnToken): { readonly process: ModuleProcess; release(): void } {
  const name = JSON.stringify(of);
  const one = shared.get(name) ?? { process: new ModuleProcess(of), users: 0 };
  shared.set(name, one);
  one.users++;
  let isReleased = false;
  return {
    process: one.process,
    release: () => {
      if (isReleased) return;
      isReleased = true;
      one.users--;
      if (one.users > 0) return;
      shared.delete(name);
      one.process.end();
    },
  };
}
