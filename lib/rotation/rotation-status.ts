import type { SignerFailure } from '../core/key/signer.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import type { LegacyHs256, LegacyHs256Status } from '../core/jwt/legacy/legacy-hs256.js';
import type { KeyRing } from '../core/ring/key-ring.js';
import type { Slot } from '../core/ring/life.js';
import { dateOf } from './clock.js';
import type { Moment } from './clock.js';
import type { UnknownRevocation } from './revocations.js';
import type { PublicJwks, PublicJwksStatus } from './public-jwks/public-jwks.js';
import type { RotationView } from './rotation-view.js';
import { warningsOf } from './warnings.js';

/** How the keys of a process are. */
export interface KeyRotationStatus {
  /**
   * `degraded`: the last reload failed, and the last good keys are in service, or a KMS or HSM makes no signatures.
   * `down`: an algorithm has no key to sign.
   */
  readonly state: 'up' | 'degraded' | 'down';
  readonly keys: readonly {
    readonly kid: string;
    readonly slot: Slot;
    readonly algorithm: SigningAlgorithm;
    /** Since when it is in this slot, as far as this process knows. */
    readonly since: Date;
    /** Why the KMS or HSM that signs with it makes no signatures at present, and since when. */
    readonly failure?: SignerFailure | undefined;
  }[];
  /** When a key starts to sign, or goes. */
  readonly nextChangeAt: Date | undefined;
  /** When configuration was last taken over. */
  readonly loadedAt: Date;
  /** Why the last reload failed, and since when reloads fail. */
  readonly failure: { readonly code: string; readonly since: Date } | undefined;
  /** Entries of the revoked kids that name no key of this process, now or earlier: they may be misspelt. */
  readonly unknownRevocations: readonly UnknownRevocation[];
  /** Tokens of HS256 that this process accepted, if it is configured to; when there are no more, the secret can go. */
  readonly legacyHs256: LegacyHs256Status | undefined;
  /** What was last seen of the JWKS at the option `publicJwksUri`. Undefined without it. */
  readonly publicJwks: PublicJwksStatus | undefined;
  /** What the log was told and still holds. */
  readonly warnings: readonly string[];
  /** The same in every replica that publishes the same keys, whatever slots they are in. */
  readonly digest: string;
}

/** What a rotation knows beside its keys. */
export interface BesideKeys {
  readonly loadedAt: Date;
  readonly failure: KeyRotationStatus['failure'];
  readonly legacyHs256: LegacyHs256 | undefined;
  readonly publicJwks: PublicJwks | undefined;
}

export function statusOf(
  view: RotationView,
  ring: KeyRing,
  { loadedAt, failure, legacyHs256, publicJwks }: BesideKeys,
  now: Moment,
): KeyRotationStatus {
  const fails = view.keys.some(({ signer }) => signer?.failure);
  const isDown = view.withoutSigner.length > 0 || !ring.canSign();
  return {
    state: isDown ? 'down' : failure || fails ? 'degraded' : 'up',
    keys: view.keys.map(({ key, signer, slot, since }) => ({
      kid: key.kid,
      slot,
      algorithm: key.alg,
      since: dateOf(since, now),
      ...(signer?.failure && { failure: signer.failure }),
    })),
    nextChangeAt: view.nextChange === undefined ? undefined : dateOf(view.nextChange, now),
    loadedAt: new Date(loadedAt),
    failure: failure && { ...failure, since: new Date(failure.since) },
    unknownRevocations: view.unknownRevocations,
    legacyHs256: legacyHs256?.status(),
    publicJwks: publicJwks?.status(now),
    warnings: [
      ...warningsOf(view, now).map(({ message }) => message),
      ...(legacyHs256?.warnings(now.wall) ?? []),
      ...(publicJwks?.warnings(now) ?? []),
    ],
    digest: ring.digest,
  };
}
