import { Inject, Injectable } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';
import type { HealthIndicatorResult } from '@nestjs/terminus';

import { KeyRotation } from '../rotation/key-rotation.js';
import type { KeyRotationStatus } from '../rotation/rotation-status.js';

/**
 * Tells `@nestjs/terminus` how the keys are. Down only where an algorithm has no key to sign: while a reload fails,
 * the last good keys do their work, and the state is `degraded`.
 */
@Injectable()
export class KeyHealthIndicator {
  /** @hidden Nest calls it. */
  constructor(
    @Inject(KeyRotation) private readonly rotation: KeyRotation,
    @Inject(HealthIndicatorService) private readonly indicators: HealthIndicatorService,
  ) {}

  /** The keys with kid, slot, algorithm and times, the last reload, and a digest by which replicas are compared. */
  check<Name extends string>(name: Name): HealthIndicatorResult<Name> {
    const status: KeyRotationStatus = this.rotation.status();
    const indicator = this.indicators.check(name);
    return status.state === 'down' ? indicator.down({ ...status }) : indicator.up({ ...status });
  }
}
