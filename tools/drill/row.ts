import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { Fleet } from './fleet.js';
import type { Mishaps } from './fleet.js';
import { joseParty } from './relying-parties/jose.js';
import { jwksRsaParty } from './relying-parties/jwks-rsa.js';
import { openidClientParty } from './relying-parties/openid-client.js';
import { makeKey } from './slots.js';
import { Tally } from './tally.js';
import { Traffic } from './traffic.js';
import type { Way } from './ways.js';

export interface Row {
  readonly way: Way;
  readonly rotations: number;
  readonly tally: Tally;
  readonly mishaps: Mishaps;
}

export interface Extent {
  readonly rotations: number;
  readonly mintsPerSecond: number;
}

// By then every relying party has the key of the start in its cache.
const warmUp = 1000;

/** Rotates in one way, with replicas and relying parties of its own. */
export async function drill(way: Way, folder: string, { rotations, mintsPerSecond }: Extent): Promise<Row> {
  const path = await mkdtemp(join(folder, 'fleet-'));
  const fleet = await Fleet.start(path, way.Folder, { current: await makeKey(), previous: [] });
  const parties = [joseParty, jwksRsaParty, openidClientParty].map((party) => party(fleet.issuer));
  const tally = new Tally();
  const traffic = new Traffic(fleet.issuer, parties, tally, mintsPerSecond);
  await wait(warmUp);
  for (let rotation = 1; rotation <= rotations; rotation += 1) {
    await way.rotate(fleet, {
      halfWrittenFile: way.survivesCrash && rotation === rotations,
      crash: way.survivesCrash && rotation === 1,
    });
  }
  await traffic.stop();
  await fleet.stop();
  return { way, rotations, tally, mishaps: fleet.mishaps };
}
