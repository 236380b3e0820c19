import { requestsPerSecond } from '../load.js';
import { interleaved } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row } from '../row.js';
import { ServerProcess } from '../server-process.js';

const path = '/.well-known/jwks.json';

/**
 * The JWKS route beside two routes of the same application: one that somebody wrote by hand to send the same bytes and
 * headers, and one that returns a constant string and sets no headers.
 */
export async function measureRoute(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const platform of ['Express', 'Fastify'] as const) {
    const server = await ServerProcess.start('server', { platform, key: 'RSA-2048', signer: 'constant' });
    const etag = (await fetch(`${server.url}${path}`)).headers.get('etag')!;
    const { jwks, unchanged, handWritten, constant } = await interleaved(
      {
        jwks: () => requestsPerSecond(`${server.url}${path}`),
        handWritten: () => requestsPerSecond(`${server.url}/hand-written`),
        constant: () => requestsPerSecond(`${server.url}/constant`),
        unchanged: () =>
          requestsPerSecond(`${server.url}${path}`, { status: 304, headers: { 'if-none-match': etag } }),
      },
      6,
    );
    await server.stop();
    const measure = (answer: string) => `JWKS route, requests a second, ${answer}: ${platform}`;
    rows.push(
      rowOf(
        {
          measure: measure('200'),
          beside: 'a hand-written route with the same bytes and headers',
          unit: '/s',
          target: { atLeast: 0.95 },
        },
        jwks,
        handWritten,
      ),
      rowOf(
        {
          measure: measure('200'),
          beside: 'a route that returns a constant string',
          unit: '/s',
        },
        jwks,
        constant,
      ),
      rowOf(
        { measure: measure('304'), beside: 'its answer 200', unit: '/s', target: { atLeast: 1 } },
        unchanged,
        jwks,
      ),
    );
  }
  return rows;
}
