// Faults to put into a JWKS on its way, each of which the suite has to notice: else its silence would mean nothing.
import { makeKeyPair } from '../../test/support/key-pairs.js';

type Jwk = Record<string, unknown>;

const other = () => makeKeyPair('rsa', { modulusLength: 2048 });

const spoils = {
  'wrong-key': (jwk: Jwk) => ({ ...jwk, n: other().publicKey.export({ format: 'jwk' }).n }),
  'no-kid': ({ kid: _kid, ...jwk }: Jwk) => jwk,
  'wrong-alg': (jwk: Jwk) => ({ ...jwk, alg: 'RS512' }),
  private: (jwk: Jwk) => ({ ...jwk, ...other().privateKey.export({ format: 'jwk' }) }),
  'none-left': () => undefined,
} satisfies Record<string, (jwk: Jwk) => Jwk | undefined>;

export type Spoil = keyof typeof spoils;
export const spoilNames = Object.keys(spoils) as Spoil[];

export function spoiled(jwks: string, spoil: Spoil): string {
  const { keys } = JSON.parse(jwks) as { keys: Jwk[] };
  return JSON.stringify({ keys: keys.map((jwk) => spoils[spoil](jwk)).filter((jwk) => jwk !== undefined) });
}
