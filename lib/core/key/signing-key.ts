import { OidcKeyError } from '../errors.js';
import type { KeyMaterial } from '../reading/key-material.js';
import { makeOne } from '../reading/missing-key.js';
import { LocalSigner } from './local-signer.js';
import { RemoteSigner } from './remote-signer.js';
import {
  primalityOf,
  refuseMoreThanTwoPrimes,
  refusePrimeModulus,
  refuseWeakFactors,
} from './rsa-strength.js';
import { isConsistentRsaKey } from './rsa.js';
import { tellOfSigner } from './signer-log.js';
import type { SignerLog } from './signer-log.js';
import type { Signer } from './signer.js';
import { take } from './steps.js';
import type { Step, Steps } from './steps.js';
import { VerificationKey } from './verification-key.js';

/** A verification key and its signer. */
export interface SigningKey {
  readonly key: VerificationKey;
  readonly signer: Signer;
}

const proof = Buffer.from('nestjs-oidc-key');

/**
 * A key that can sign: it signs once, and its public half has to verify that.
 *
 * @param log is told where a signer of an application fails, and signs again
 * @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE`, `OIDC_KEY_MISMATCH`, `OIDC_KEY_SIGNER_FAILED`, and
 * what {@link VerificationKey} throws.
 */
export function* signingKeyOf(material: KeyMaterial, log?: SignerLog): Steps<SigningKey> {
  const { where, keyObject, signer: given } = material;
  if (!given && keyObject.type === 'public') {
    throw new OidcKeyError(
      'OIDC_KEY_NOT_PRIVATE',
      `${where} is a public key, which cannot sign. Put the private key that belongs to it there; where there is none, ${makeOne}.`,
    );
  }
  const key = new VerificationKey(material);
  yield* refuseUnsound(key, material);
  const changed = (error: Error | undefined) => log && tellOfSigner(log, `${key.alg} key ${key.kid}`, error);
  const remote = given && new RemoteSigner({ key, where, signer: given, changed });
  const local = remote ? undefined : new LocalSigner(keyObject, key.algorithm);
  if (local) {
    const signature = yield* take(proofBy(local));
    if (!signature || !(yield* take(verdictOn(key, signature)))) throw mismatch(where);
  } else yield* take(proofByRemote(remote!, where));
  return { key, signer: local ?? remote! };
}

/**
 * A key that verifies. Of a private key that signs no more nothing but the public half is kept, and yet it has to be as
 * sound as one that signs: whoever can work out a private half can still sign.
 *
 * @throws OidcKeyError `OIDC_KEY_MISMATCH`, and what {@link VerificationKey} throws.
 */
export function* verificationKeyOf(material: KeyMaterial): Steps<VerificationKey> {
  if (material.keyObject.type === 'private') {
    const { key } = yield* signingKeyOf({ ...material, signer: undefined });
    return key;
  }
  const key = new VerificationKey(material);
  yield* refuseUnsound(key, material);
  return key;
}

/** What takes too long for the constructor of a verification key, or shows in the private half only. */
function* refuseUnsound({ publicKey }: VerificationKey, { keyObject, where }: KeyMaterial): Steps<void> {
  if (publicKey.asymmetricKeyType !== 'rsa') return;
  if (keyObject.type === 'public') {
    refusePrimeModulus(yield* take(primalityOf(publicKey)), where);
    return;
  }
  refuseMoreThanTwoPrimes(keyObject, where);
  if (!isConsistentRsaKey(keyObject)) throw mismatch(where);
  refuseWeakFactors(keyObject, where);
}

/** OpenSSL refuses to sign with some broken keys instead of signing wrongly: then there is no signature. */
function proofBy(signer: LocalSigner): Step<Buffer | undefined> {
  return {
    later: () => signer.sign(proof).catch(() => undefined),
    now: () => {
      try {
        return signer.signNow(proof);
      } catch {
        // As above.
        return undefined;
      }
    },
  };
}

/** What it signs is checked by itself. */
function proofByRemote(signer: RemoteSigner, where: string): Step<Buffer> {
  return {
    later: async () => {
      try {
        return await signer.sign(proof);
      } catch (error) {
        // It is not taken, and nobody waits until it works.
        signer.rest();
        throw error;
      }
    },
    now: () => {
      throw new OidcKeyError(
        'OIDC_KEY_UNSUPPORTED',
        `${where} is held by a signer that answers later, and a constructor cannot wait. Use OidcKeyModule.`,
      );
    },
  };
}

function verdictOn(key: VerificationKey, signature: Buffer): Step<boolean> {
  return {
    later: async () => key.verifies(proof, signature),
    now: () => key.verifiesNow(proof, signature),
  };
}

function mismatch(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MISMATCH',
    `${where} is a private key whose halves do not belong together. Export the key again; ${makeOne}.`,
  );
}
