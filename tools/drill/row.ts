import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { joseParty } from './relying-parties/jose.js';
import { jwksRsaParty } from './relying-parties/jwks-rsa.js';
import { openidClientParty } from './relying-parties/openid-client.js';
import { Tally } from './tally.js';
import { Traffic } from './traffic.js';
import type { Extent, Issuer, Way } from './way.js';

export interface Row {
  readonly way: Way;
  readonly rotations: number;
  readonly tally: Tally;
  readonly mishaps: Issuer['mishaps'];
}

// By then every relying party has the key of the start in its cache.
const warmUp = 1000;

/** Rotates in one way, with replicas and relying parties of its own. */
export async function drill(way: Way, folder: string, extent: Extent): Promise<Row> {
  const issuer = await way.start(await mkdtemp(join(folder, 'fleet-')), extent);
  try {
    const parties = [joseParty, jwksRsaParty, openidClientParty].map((party) => party(issuer.url));
    const tally = new Tally();
    const traffic = new Traffic(issuer.url, parties, tally, extent.mintsPerSecond);
    await wait(warmUp);
    for (let rotation = 1; rotation <= extent.rotations; rotation += 1) await issuer.rotate();
    await traffic.stop();
    return { way, rotations: issuer.rotations, tally, mishaps: issuer.mishaps };
  } finally {
    await issuer.stop();
  }
}
