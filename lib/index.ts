/**
 * The module, the service that signs and verifies, the key to inject, and the rotation of keys.
 *
 * @module nestjs-oidc-key
 */

export { OidcKeyModule } from './oidc-key.module.js';
export { JwtService } from './core/jwt/jwt.service.js';
export { KeyInfo } from './core/ring/key-info.js';
export { KeyRotation } from './rotation/key-rotation.js';
export { FileKeySource } from './sources/file.source.js';
export { NamedValue } from './core/reading/named-value.js';
export { OidcKeyError, OidcTokenError } from './core/errors.js';

export type { OidcKeyAsyncOptions } from './oidc-key.options.js';
export type { JwksRouteOptions, OidcKeyExtras } from './oidc-key.options.js';
export type {
  OidcKeyFactoryOptions,
  OidcKeyOptions,
  OidcKeyOptionsFactory,
  OidcKeySourceOptions,
  OidcKeyStoreOptions,
  OidcKeyValues,
} from './oidc-key.options.js';
export type { SigningAlgorithm } from './core/algorithms.js';
export type { OidcKeyErrorCode, OidcTokenErrorCode } from './core/errors.js';
export type {
  ExtraTokenFields,
  ExtraTokenFieldsArguments,
  ExtraTokenFieldsFunction,
} from './core/jwt/extra-token-fields.js';
export type { SignOptions, VerifyOptions } from './core/jwt/jwt-options.js';
export type { JwtServiceOptions } from './core/jwt/jwt.service.js';
export type { LegacyHs256Options, LegacyHs256Status } from './core/jwt/legacy/legacy-hs256.js';
export type { LegacyTokenKind } from './core/jwt/legacy/legacy-kinds.js';
export type { DescribedKey, EncodedKey, KeyInput, KeySigner } from './core/reading/key-material.js';
export type { KeySlots } from './core/reading/key-slots.js';
export type { KeySource } from './sources/key-source.js';
export type { KeyRotationOptions } from './rotation/rotation-options.js';
export type { CommandResult, CommandTiming } from './stores/command-result.js';
export type { KeyStore, OtherVersion, SignerReference, StoredText } from './stores/key-store.js';
export type { KeyRotationEvent } from './rotation/rotation-event.js';
export type { UnknownRevocation } from './rotation/revocations.js';
export type { KeyRotationStatus } from './rotation/rotation-status.js';
export type { PublicJwksStatus } from './rotation/public-jwks/public-jwks.js';
export type { SignerFailure } from './core/key/signer.js';
export type { JsonWebKeySet, PublicJwk } from './core/key/public-jwk.js';
