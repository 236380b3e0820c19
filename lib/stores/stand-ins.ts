import type { KeyOfSet } from '../core/key-set/key-of-set.js';
import type { Proof } from '../core/key-set/revoke.js';
import type { CommandResult } from './command-result.js';

/** Asks each key once, since a command may be decided several times, and keeps what came of it by kid. */
export function provingOnce(
  prove: (key: KeyOfSet) => Promise<Proof>,
  proofs: Map<string, Promise<Proof>>,
): (key: KeyOfSet) => Promise<Proof> {
  return (key) => {
    const proof = proofs.get(key.kid) ?? prove(key);
    proofs.set(key.kid, proof);
    return proof;
  };
}

/** What somebody has to know of keys that come back in the place of a revoked one and do not sign, or may not. */
export async function aboutStandIns(
  proofs: ReadonlyMap<string, Promise<Proof>>,
  { keys }: Pick<CommandResult, 'keys'>,
): Promise<readonly string[]> {
  const all = await Promise.all([...proofs].map(async ([kid, proof]) => [kid, await proof] as const));
  return all.flatMap(([kid, proof]) => {
    if (proof.type === 'signs') return [];
    const held = (keys as readonly { readonly kid: string; readonly held: unknown }[]).find(
      (key) => key.kid === kid,
    )?.held;
    if (proof.type === 'fails' && held !== 'elsewhere') {
      return `Key ${kid}, which was there before, does not sign any more, so that a new key was made: ${proof.why}`;
    }
    const isSure = proof.type === 'fails';
    const what = isSure
      ? 'does not sign, so that NO TOKEN IS SIGNED with its algorithm'
      : 'could not be tried, and if it does not sign, no token is signed with its algorithm';
    return `WARNING: Key ${kid}, which is to sign in the place of the revoked one, ${what}: ${proof.why} \`revoke ${kid}\` has a new key made that signs at once.`;
  });
}
