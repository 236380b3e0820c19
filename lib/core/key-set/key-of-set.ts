import type { Algorithm, SigningAlgorithm } from '../algorithms.js';
import type { Signer } from '../key/signer.js';
import type { VerificationKey } from '../key/verification-key.js';
import { membersOfLife } from './key-set-document.js';
import type { KeySetJwk, Revocation } from './key-set-document.js';

/** What a key of a key set is known by, worked out once. */
export interface Identity {
  readonly kid: string;
  /** The JWK thumbprint (RFC 7638). */
  readonly thumbprint: string;
  readonly algorithm: Algorithm;
  /** The name of the algorithm that its owner chose. */
  readonly alg: SigningAlgorithm;
  /** How messages call it: the setting, and which of its keys this is. */
  readonly where: string;
  /** Undefined of a revoked key, which is never used and so need not be sound. */
  readonly key: VerificationKey | undefined;
  /** What signs: with the private half that the document holds, or elsewhere. */
  readonly signer: Signer | undefined;
}

/** The instants of a life, in seconds since 1970, and what else a document says of one. */
type Life = Pick<KeySetJwk, (typeof membersOfLife)[number]>;

/** A key of a key set, checked. Immutable. */
export class KeyOfSet {
  // Whoever prints a key must not see its private half.
  readonly #jwk: KeySetJwk;
  readonly #identity: Identity;

  constructor(jwk: KeySetJwk, identity: Identity) {
    this.#jwk = jwk;
    this.#identity = identity;
  }

  get kid(): string {
    return this.#identity.kid;
  }

  get thumbprint(): string {
    return this.#identity.thumbprint;
  }

  get algorithm(): Algorithm {
    return this.#identity.algorithm;
  }

  get alg(): SigningAlgorithm {
    return this.#identity.alg;
  }

  get where(): string {
    return this.#identity.where;
  }

  /** Undefined of a revoked key. */
  get verificationKey(): VerificationKey | undefined {
    return this.#identity.key;
  }

  /** Signs: with the private half that the document holds, or where `signer` says, once somebody has opened that. */
  get activeSigner(): Signer | undefined {
    return this.canSign ? this.#identity.signer : undefined;
  }

  get iat(): number | undefined {
    return this.#jwk.iat;
  }

  get nbf(): number | undefined {
    return this.#jwk.nbf;
  }

  get exp(): number | undefined {
    return this.#jwk.exp;
  }

  get revoked(): Revocation | undefined {
    return this.#jwk.revoked;
  }

  get signer(): string | undefined {
    return this.#jwk.signer;
  }

  get hasPrivateHalf(): boolean {
    return this.#jwk.d !== undefined;
  }

  /** Whether there is something to sign with, here or elsewhere. A revoked key signs nothing. */
  get canSign(): boolean {
    return this.revoked === undefined && (this.hasPrivateHalf || this.signer !== undefined);
  }

  /** Where it stands among the keys of its algorithm: from when it is to sign, as far as the document says. */
  get order(): number {
    return this.nbf ?? this.iat ?? -Infinity;
  }

  /** Whether one of its names is this. */
  isNamed(name: string): boolean {
    return this.kid === name || this.thumbprint === name;
  }

  /** The same key with other instants; one that is undefined goes. */
  with(life: { readonly [Member in keyof Life]?: Life[Member] | undefined }): KeyOfSet {
    return new KeyOfSet(withoutUndefined({ ...this.#jwk, ...life }) as KeySetJwk, this.#identity);
  }

  /** The same key, of which it is known what signs. */
  signingWith(signer: Signer): KeyOfSet {
    return new KeyOfSet(this.#jwk, { ...this.#identity, signer });
  }

  /** What is left of a key that is revoked: where it is held elsewhere, it may still have to be disabled there. */
  withoutPrivateHalf(): KeyOfSet {
    const { signer } = this;
    return signer === undefined ? this.withoutSigner() : this.withoutSigner().with({ signer });
  }

  /** What is left where nothing is to sign with it any more. */
  withoutSigner(): KeyOfSet {
    const { privateMembers } = this.algorithm.jwk;
    const gone = new Set<string>([...privateMembers, 'signer']);
    const left = Object.fromEntries(Object.entries(this.#jwk).filter(([name]) => !gone.has(name)));
    return new KeyOfSet(operationsOfPublicHalf(left) as unknown as KeySetJwk, {
      ...this.#identity,
      signer: undefined,
    });
  }

  /** The JWK as the document has it, its private half included. */
  toDocument(): KeySetJwk {
    return { ...this.#jwk };
  }

  /** The identity, for one that is made of this. */
  get identity(): Identity {
    return this.#identity;
  }
}

/** RFC 7517 section 4.3: a public key that may "sign" would be refused. */
function operationsOfPublicHalf(jwk: Record<string, unknown>): Record<string, unknown> {
  return jwk.key_ops === undefined ? jwk : { ...jwk, key_ops: ['verify'] };
}

function withoutUndefined(object: object): object {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
