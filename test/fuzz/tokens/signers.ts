import { createHmac, createPublicKey, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

import { algorithmNamed, signingAlgorithms } from '../../../lib/core/algorithms.js';
import type { SigningAlgorithm } from '../../../lib/core/algorithms.js';
import { JwtService } from '../../../lib/core/jwt/jwt.service.js';
import { makeKeyFor } from '../../support/algorithm-keys.js';

const signOnThreadPool = promisify(sign);

/** One key of this run: our service over it, and what jose gets of it. */
export interface Signer {
  readonly name: SigningAlgorithm;
  readonly kid: string;
  readonly service: JwtService;
  readonly publicKey: KeyObject;
  /** The names that the key is verified under. */
  readonly algorithms: string[];
  readonly sign: (input: string) => Promise<Buffer>;
}

function signerOf(name: SigningAlgorithm): Signer {
  const algorithm = algorithmNamed(name)!;
  const key = makeKeyFor(algorithm);
  const service = new JwtService({ key: { key, algorithm: name }, algorithm: name });
  const { hash, parameters, names } = algorithm;
  return {
    name,
    kid: service.getKeySet().keys[0]!.kid,
    service,
    publicKey: createPublicKey(key),
    algorithms: [...names],
    sign: (input) => signOnThreadPool(hash, Buffer.from(input, 'latin1'), { ...parameters, key }),
  };
}

export const signers: readonly Signer[] = signingAlgorithms.map(signerOf);
/** Of the same algorithms, and none of ours: what an attacker has. */
export const strangers: readonly Signer[] = signingAlgorithms.map(signerOf);

/** What somebody makes who takes the public key for a shared secret. */
export function hmacOf({ publicKey }: Signer, input: string): Buffer {
  const secret = publicKey.export({ format: 'pem', type: 'spki' });
  return createHmac('sha256', secret).update(input, 'latin1').digest();
}
