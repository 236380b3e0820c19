import type { ConfigurableModuleAsyncOptions } from '@nestjs/common';

import { signingAlgorithms } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';

/** What a resource server knows of the tokens that it accepts. */
export interface ResourceServerOptions {
  /** The `iss` of the tokens, to the letter. */
  issuer: string;
  /** The identifier of this resource server: one of these has to be in the `aud` of a token. */
  audience: string | string[];
  /** Where the issuer publishes its keys. Default: `/.well-known/jwks.json` below the issuer. */
  jwksUri?: string | undefined;
  /** The claims that a token must have, beside `iss` and `aud`. Default: those of RFC 9068 section 2.2; never without `exp`. */
  requiredClaims?: string[] | undefined;
  /** How far the clocks of issuer and resource server may differ, in seconds. Default: 0. */
  clockTolerance?: number | undefined;
}

/** What is known when the module is registered. */
export interface ResourceServerExtras {
  /** Makes the guard available in every module. Default: false. */
  isGlobal?: boolean | undefined;
}

/** The usual ways of Nest to make the options. */
export type ResourceServerAsyncOptions = ConfigurableModuleAsyncOptions<
  ResourceServerOptions,
  'createResourceServerOptions'
> &
  ResourceServerExtras;

/** What the guard verifies with. */
export interface ResolvedResourceServerOptions {
  readonly jwksUri: URL;
  /** What jose checks. */
  readonly expected: {
    readonly typ: 'at+jwt';
    readonly issuer: string;
    readonly audience: string[];
    readonly algorithms: string[];
    readonly requiredClaims: string[];
    readonly clockTolerance: number;
  };
}

const names = ['issuer', 'audience', 'jwksUri', 'requiredClaims', 'clockTolerance'];
const claimsOfAccessToken = ['exp', 'iat', 'jti', 'sub', 'client_id'];

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
export function resolveResourceServerOptions(options: ResourceServerOptions): ResolvedResourceServerOptions {
  const given: Partial<ResourceServerOptions> = options ?? {};
  // A name that is misspelt must not leave a check out.
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalid(unknown, `is none of ${names.join(', ')}`);
  const { issuer, audience, requiredClaims = claimsOfAccessToken, clockTolerance = 0 } = given;
  const issuerUrl = urlOf('issuer', issuer);
  const audiences = Array.isArray(audience) ? audience : [audience];
  if (audiences.length === 0 || !areTexts(audiences)) {
    throw invalid('audience', 'has to be the identifier of this resource server, or a list of them');
  }
  if (!Array.isArray(requiredClaims) || !areTexts(requiredClaims)) {
    throw invalid('requiredClaims', 'has to be a list of names');
  }
  if (!Number.isInteger(clockTolerance) || clockTolerance < 0 || clockTolerance > 300) {
    throw invalid('clockTolerance', 'has to be a whole number of seconds, from 0 to 300');
  }
  const defaultUri = `${issuerUrl.href.replace(/\/$/, '')}/.well-known/jwks.json`;
  return {
    jwksUri: urlOf('jwksUri', given.jwksUri ?? defaultUri),
    expected: {
      typ: 'at+jwt',
      issuer: issuer as string,
      audience: audiences,
      algorithms: acceptedAlgorithms,
      requiredClaims: [...new Set(['exp', ...requiredClaims])],
      clockTolerance,
    },
  };
}

// EdDSA is what Ed25519 was called before RFC 9864.
const acceptedAlgorithms = [...signingAlgorithms, 'EdDSA'];

function areTexts(values: readonly unknown[]): values is string[] {
  return values.every((value) => typeof value === 'string' && value !== '');
}

/** RFC 8414 section 2 and 3: https, but on the machine itself. */
function urlOf(option: string, value: unknown): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined;
  const isLoopback = ['localhost', '127.0.0.1', '[::1]'].includes(url?.hostname ?? '');
  if (url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback))) return url;
  throw invalid(
    option,
    'has to be a URL that begins with https:// (http:// on localhost, 127.0.0.1 and [::1] only)',
  );
}

function invalid(option: string, defect: string): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `The option "${option}" of ResourceServerModule ${defect}.`,
  );
}
