import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';

import { OidcKeyError } from '../core/errors.js';
import { KeyRotation } from '../rotation/key-rotation.js';
import type { KeyRotationStatus } from '../rotation/rotation-status.js';

/**
 * Tells `@nestjs/terminus` how the keys are. The details are those of `KeyRotation.status()`; an application with
 * several issuers has them as `issuers`, and is as its worst one.
 */
@Injectable()
export class KeyHealthIndicator implements OnModuleInit {
  #rotations: KeyRotation[] = [];

  /** @hidden Nest calls it. */
  constructor(
    @Inject(ModulesContainer) private readonly modules: ModulesContainer,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /** @throws OidcKeyError `OIDC_KEY_MISSING` where the application has no OidcKeyModule */
  onModuleInit(): void {
    // Wherever they are registered: a module for health stands beside those of the issuers, not in them.
    const found = [...this.modules.values()].flatMap(
      ({ providers }) => (providers.get(KeyRotation)?.instance as KeyRotation | undefined) ?? [],
    );
    if (found.length === 0) throw noIssuer();
    this.#rotations = [...new Set(found)];
  }

  /**
   * Down only where an issuer has no key at all to sign with. A KMS that does not answer, or a reload that fails, is
   * nothing that a new process would mend.
   */
  liveness<Name extends string>(name: Name): HealthIndicatorResult<Name> {
    return this.#result(name, ({ keys }) => keys.some(({ slot }) => slot === 'current'));
  }

  /**
   * Down where an algorithm has no key to sign with: the state is `down`. With the state `degraded` it is up, since the
   * JWKS route of this process still answers, and the last good keys sign.
   */
  readiness<Name extends string>(name: Name): HealthIndicatorResult<Name> {
    return this.#result(name, ({ state }) => state !== 'down');
  }

  #result<Name extends string>(
    name: Name,
    isUp: (status: KeyRotationStatus) => boolean,
  ): HealthIndicatorResult<Name> {
    const issuers = this.#rotations.map((rotation) => rotation.status());
    const details: Record<string, unknown> = issuers.length === 1 ? { ...issuers[0] } : { issuers };
    const indicator = this.indicators.check(name);
    return issuers.every(isUp) ? indicator.up(details) : indicator.down(details);
  }
}

function noIssuer(): OidcKeyError {
  return new OidcKeyError(
    'OIDC_KEY_MISSING',
    'OidcKeyHealthModule found no OidcKeyModule in this application. Add `OidcKeyModule.forRootAsync()` to the ' +
      '`imports` of its root module.',
  );
}
