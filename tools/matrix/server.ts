import { createRemoteJWKSet, jwtVerify } from 'jose';

import { withServer } from './run.js';
import type { Place } from './run.js';

/** What the projects' servers print once they listen. */
interface Announced {
  readonly url: string;
  readonly token: string;
}

/** Starts an application that has signed and verified a token, and verifies it by the JWKS that it serves. */
export async function askServer(command: string, args: readonly string[], place: Place): Promise<void> {
  await withServer(command, args, place, async (announced) => {
    const { url, token } = announced as Announced;
    const jwks = createRemoteJWKSet(new URL('/.well-known/jwks.json', url));
    const { payload } = await jwtVerify(token, jwks);
    if (payload.sub !== 'alice') throw new Error(`The token is of ${payload.sub}`);
  });
}
