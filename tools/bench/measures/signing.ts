import { contestOf, makeKey } from '../contenders.js';
import type { Algorithm, Contender, Contest } from '../contenders.js';
import { cpuTime, interleaved, perSecond } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row, Target } from '../row.js';

const inFlight = 8;
/** So many that it does not count that at the end there are fewer in flight. */
const calls = 64;
// The nearer a limit and the wider the spread, the more.
const rounds = { signatures: 15, verifications: 9, further: 5 };

const keys = [
  ['RS256, RSA-2048', 'RSA-2048', 'RS256'],
  ['RS256, RSA-3072', 'RSA-3072', 'RS256'],
  ['ES256', 'P-256', 'ES256'],
] as const;

const targets: Readonly<Record<string, Target>> = {
  'node:crypto, on the thread pool': { atLeast: 0.95 },
  'jsonwebtoken, KeyObject': { atLeast: 1.25 },
  'jsonwebtoken, PEM': { atLeast: 4 },
};

export async function measureSigning(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [name, kind, algorithm] of keys) {
    const contest = await contestOf(makeKey(kind), algorithm);
    const isTheOneThatCounts = kind === 'RSA-2048';
    rows.push(...(await signaturesPerSecond(name, contest, isTheOneThatCounts)));
    if (isTheOneThatCounts) rows.push(await cpuTimeOfSignature(name, contest));
    rows.push(...(await verificationsPerSecond(name, contest, algorithm)));
  }
  return rows;
}

/** Each that ends is followed by the next, as in a server; to await all eight would leave threads idle. */
const inFlightOf = (call: () => unknown) => async () => {
  let left = calls;
  const oneAfterTheOther = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
};

async function signaturesPerSecond(
  name: string,
  { ours, raw, peers }: Contest,
  counts: boolean,
): Promise<Row[]> {
  const all = [ours, raw, ...peers];
  const figures = await interleaved(
    byName(all, ({ sign }) => perSecond(inFlightOf(sign), calls)),
    counts ? rounds.signatures : rounds.further,
  );
  const measure = `signatures a second, ${inFlight} in flight: ${name}`;
  return [raw, ...peers].map((peer) => {
    const target = counts ? targets[peer.name] : undefined;
    return rowOf(
      { measure, beside: peer.name, unit: '/s', target },
      figures[ours.name]!,
      figures[peer.name]!,
    );
  });
}

async function cpuTimeOfSignature(name: string, { ours, raw }: Contest): Promise<Row> {
  const figures = await interleaved(
    byName([ours, raw], ({ sign }) => cpuTime(inFlightOf(sign), calls)),
    rounds.signatures,
  );
  const about = {
    measure: `CPU time of a signature: ${name}`,
    beside: raw.name,
    unit: 'µs',
    target: { atMost: 1.05 },
  };
  return rowOf(about, figures[ours.name]!, figures[raw.name]!);
}

async function verificationsPerSecond(
  name: string,
  { ours, raw, peers }: Contest,
  algorithm: Algorithm,
): Promise<Row[]> {
  const figures = await interleaved(
    byName([ours, raw, ...peers], ({ verify }) => perSecond(verify!)),
    algorithm === 'RS256' ? rounds.verifications : rounds.further,
  );
  const measure = `verifications a second: ${name}`;
  return [raw, ...peers].map((peer) => {
    // The limit is no peer.
    const target = peer === raw || algorithm !== 'RS256' ? undefined : { atLeast: 1 };
    const beside = peer === raw ? 'node:crypto' : peer.name;
    return rowOf({ measure, beside, unit: '/s', target }, figures[ours.name]!, figures[peer.name]!);
  });
}

function byName(contenders: readonly Contender[], figure: (contender: Contender) => Promise<number>) {
  return Object.fromEntries(contenders.map((each) => [each.name, () => figure(each)]));
}
