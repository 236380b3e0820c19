export { OidcKeyModule } from './oidc-key.module.js';
export { JwtService } from './core/jwt.service.js';
export { KeyInfo } from './core/key-info.js';
export { KeyRotation } from './rotation/key-rotation.js';
export { FileKeySource } from './sources/file.source.js';
export { OidcKeyError, OidcTokenError } from './core/errors.js';

export type { OidcKeyAsyncOptions } from './interfaces/oidc-key-async-options.interface.js';
export type { JwksRouteOptions, OidcKeyExtras } from './interfaces/oidc-key-extras.interface.js';
export type {
  OidcKeyFactoryOptions,
  OidcKeyOptions,
  OidcKeyOptionsFactory,
  OidcKeySourceOptions,
  OidcKeyValues,
} from './interfaces/oidc-key-options.interface.js';
export type { SigningAlgorithm } from './core/algorithms.js';
export type { OidcKeyErrorCode, OidcTokenErrorCode } from './core/errors.js';
export type {
  ExtraTokenFields,
  ExtraTokenFieldsArguments,
  ExtraTokenFieldsFunction,
} from './core/extra-token-fields.js';
export type { SignOptions, VerifyOptions } from './core/jwt-options.js';
export type { JwtServiceOptions } from './core/jwt.service.js';
export type { DescribedKey, EncodedKey, KeyInput } from './core/key-material.js';
export type { KeyOptions } from './core/key-settings.js';
export type { KeySlots, KeySource } from './rotation/key-source.js';
export type { KeyRotationEvent } from './rotation/rotation-event.js';
export type { KeyRotationStatus } from './rotation/rotation-status.js';
export type { KeyFiles } from './sources/file.source.js';
export type { JsonWebKeySet, PublicJwk } from './core/public-jwk.js';
