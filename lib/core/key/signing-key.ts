import { OidcKeyError } from '../errors.js';
import type { KeyMaterial } from '../reading/key-material.js';
import { makeOne } from '../reading/missing-key.js';
import { LocalSigner } from './local-signer.js';
import {
  primalityOf,
  refuseMoreThanTwoPrimes,
  refusePrimeModulus,
  refuseWeakFactors,
} from './rsa-strength.js';
import { isConsistentRsaKey } from './rsa.js';
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
 * @throws OidcKeyError `OIDC_KEY_NOT_PRIVATE`, `OIDC_KEY_MISMATCH`, `OIDC_KEY_SOURCE_FAILED` (a signer that fails), and
 * what {@link VerificationKey} throws.
 */
export function* signingKeyOf(material: KeyMaterial): Steps<SigningKey> {
  const { where, keyObject, signer: remote } = material;
  if (!remote && keyObject.type === 'public') {
    throw new OidcKeyError(
      'OIDC_KEY_NOT_PRIVATE',
      `${where} is a public key, which cannot sign. Put the private key that belongs to it there; where there is none, ${makeOne}.`,
    );
  }
  const key = new VerificationKey(material);
  yield* refuseUnsound(key, material);
  const local = remote ? undefined : new LocalSigner(keyObject, key.algorithm);
  const signature: unknown = yield* take(local ? proofBy(local) : proofByRemote(remote!, where));
  // A signer of an application may answer with anything.
  if (!Buffer.isBuffer(signature) || !(yield* take(verdictOn(key, signature)))) {
    throw remote ? signsWithAnother(where) : mismatch(where);
  }
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

function proofByRemote(signer: Signer, where: string): Step<Buffer> {
  return {
    later: async () => {
      try {
        return await withinPatience(signer.sign(proof));
      } catch (error) {
        if (error instanceof OidcKeyError) throw error;
        // What it rejects with may hold a request or a credential.
        throw new OidcKeyError(
          'OIDC_KEY_SOURCE_FAILED',
          `The signer of ${where} failed, or did not answer in time, when it was tried.`,
        );
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

// A revocation waits for no longer than this until the rest of its change is loaded.
const patience = 10_000;

async function withinPatience(signature: Promise<Buffer>): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The signer did not answer in time')), patience);
  });
  try {
    return await Promise.race([signature, tooLate]);
  } finally {
    clearTimeout(timer);
  }
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

function signsWithAnother(where: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MISMATCH',
    `${where} has a signer whose signature its public key does not verify. Name the signer of exactly this key.`,
  );
}
