import type { Contender } from '../contender.js';
import { contestOf } from '../contest.js';
import type { Contest } from '../contest.js';
import type { KeyKind } from '../keys.js';
import { cpuTime, interleaved, perSecond } from '../rounds.js';
import { rowOf } from '../row.js';
import type { Row, Target } from '../row.js';

const inFlight = 8;
/** So many that it does not count that at the end there are fewer in flight. */
const calls = 64;

interface Discipline {
  readonly name: string;
  readonly kind: KeyKind;
  /** The nearer a limit and the wider the spread, the more. */
  readonly rounds: { readonly signatures: number; readonly verifications: number };
  /** What signatures have to reach beside `node:crypto` on the thread pool, or a peer. */
  readonly signatures: (beside: string, isPeer: boolean) => Target | undefined;
  /** What verifications have to reach beside a peer. */
  readonly verifications?: Target;
  /** Whether a signature costs so little that one may sign on the event loop. */
  readonly isCheap?: boolean;
}

const onRsa: Readonly<Record<string, Target>> = {
  'node:crypto, on the thread pool': { atLeast: 0.95 },
  'jsonwebtoken, KeyObject': { atLeast: 1.25 },
  'jsonwebtoken, PEM': { atLeast: 4 },
};

const cheap: Pick<Discipline, 'rounds' | 'signatures' | 'isCheap'> = {
  rounds: { signatures: 9, verifications: 5 },
  signatures: (_, isPeer) => (isPeer ? { atLeast: 1 } : undefined),
  isCheap: true,
};

const disciplines: readonly Discipline[] = [
  {
    name: 'RS256, RSA-2048',
    kind: 'RSA-2048',
    rounds: { signatures: 15, verifications: 9 },
    signatures: (beside) => onRsa[beside],
    verifications: { atLeast: 1 },
  },
  {
    name: 'RS256, RSA-3072',
    kind: 'RSA-3072',
    rounds: { signatures: 5, verifications: 9 },
    signatures: () => undefined,
    verifications: { atLeast: 1 },
  },
  { name: 'ES256', kind: 'P-256', ...cheap },
  { name: 'Ed25519', kind: 'Ed25519', ...cheap },
];

export async function measureSigning(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const discipline of disciplines) {
    const contest = await contestOf(discipline.kind);
    rows.push(...(await signaturesPerSecond(discipline, contest)));
    if (discipline.kind === 'RSA-2048') rows.push(await cpuTimeOfSignature(discipline, contest));
    rows.push(...(await verificationsPerSecond(discipline, contest)));
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
  { name, rounds, signatures, isCheap }: Discipline,
  { ours, onThreadPool, onEventLoop, peers }: Contest,
): Promise<Row[]> {
  const others = [onThreadPool, ...(isCheap ? [onEventLoop] : []), ...peers];
  const figures = await interleaved(
    byName([ours, ...others], ({ sign }) => perSecond(inFlightOf(sign), calls)),
    rounds.signatures,
  );
  const measure = `signatures a second, ${inFlight} in flight: ${name}`;
  return others.map((other) => {
    const target = signatures(other.name, peers.includes(other));
    const about = { measure, beside: other.name, unit: '/s', target };
    return rowOf(about, figures[ours.name]!, figures[other.name]!);
  });
}

async function cpuTimeOfSignature({ name, rounds }: Discipline, contest: Contest): Promise<Row> {
  const { ours, onThreadPool } = contest;
  const figures = await interleaved(
    byName([ours, onThreadPool], ({ sign }) => cpuTime(inFlightOf(sign), calls)),
    rounds.signatures,
  );
  const about = {
    measure: `CPU time of a signature: ${name}`,
    beside: onThreadPool.name,
    unit: 'µs',
    target: { atMost: 1.05 },
  };
  return rowOf(about, figures[ours.name]!, figures[onThreadPool.name]!);
}

async function verificationsPerSecond(
  { name, rounds, verifications }: Discipline,
  { ours, onEventLoop, peers }: Contest,
): Promise<Row[]> {
  const others = [onEventLoop, ...peers.filter(({ verify }) => verify)];
  const figures = await interleaved(
    byName([ours, ...others], ({ verify }) => perSecond(verify!)),
    rounds.verifications,
  );
  const measure = `verifications a second: ${name}`;
  return others.map((other) => {
    // The limit is no peer.
    const isLimit = other === onEventLoop;
    const target = isLimit ? undefined : verifications;
    const about = { measure, beside: isLimit ? 'node:crypto' : other.name, unit: '/s', target };
    return rowOf(about, figures[ours.name]!, figures[other.name]!);
  });
}

function byName(contenders: readonly Contender[], figure: (contender: Contender) => Promise<number>) {
  return Object.fromEntries(contenders.map((each) => [each.name, () => figure(each)]));
}
