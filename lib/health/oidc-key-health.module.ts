import { Module } from '@nestjs/common';
import { HealthIndicatorService } from '@nestjs/terminus';

import { KeyHealthIndicator } from './key.health.js';

/**
 * Gives a {@link KeyHealthIndicator} to the module that imports it. `TerminusModule`, with the options that the
 * application gives it, is imported beside it.
 */
@Module({
  // Of its own, so that the application's TerminusModule stays the only one.
  providers: [HealthIndicatorService, KeyHealthIndicator],
  exports: [KeyHealthIndicator],
})
export class OidcKeyHealthModule {}
