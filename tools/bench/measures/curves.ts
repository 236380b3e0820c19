import { latencyWhileFlooded } from '../flooded.js';
import { requestsPerSecond, tokenRequest } from '../load.js';
import { interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { ServerProcess } from '../server-process.js';
import type { ServerOptions } from '../server-process.js';

const connections = 50;
const rounds = 3;

const curves = [
  { name: 'ES256', key: 'P-256', peer: 'jsonwebtoken', beside: 'signed by jsonwebtoken, KeyObject' },
  // jsonwebtoken has no Ed25519.
  { name: 'Ed25519', key: 'Ed25519', peer: 'fast-jwt', beside: 'signed by fast-jwt' },
] as const;

/** `/token` and the JWKS route beside it, where signatures are so cheap that they could be made on the event loop. */
export async function measureCurves(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, key, peer, beside } of curves) {
    const start = (signer: ServerOptions['signer']) =>
      ServerProcess.start('server', { platform: 'Express', key, signer });
    const [ours, theirs] = [await start('ours'), await start(peer)];
    try {
      const measure = `latency of the JWKS route while /token is flooded: ${name}`;
      rows.push(
        await tokensPerSecond(name, ours, theirs, beside),
        ...(await latencyWhileFlooded(ours, theirs, { measure, beside, rounds, seconds: 3 })),
      );
    } finally {
      await ours.stop();
      await theirs.stop();
    }
  }
  return rows;
}

async function tokensPerSecond(
  name: string,
  ours: ServerProcess,
  theirs: ServerProcess,
  beside: string,
): Promise<Row> {
  const requests =
    ({ url }: ServerProcess) =>
    () =>
      requestsPerSecond(`${url}/token`, { ...tokenRequest, connections });
  const figures = await interleaved({ ours: requests(ours), theirs: requests(theirs) }, rounds);
  const measure = `/token, requests a second, ${connections} connections: ${name}`;
  return rowOf({ measure, beside, unit: '/s' }, figures.ours, figures.theirs);
}
