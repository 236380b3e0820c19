// Rotates the keys of the database when they are old.
import { Inject, Injectable, Logger } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { Cron, CronExpression } from '@nestjs/schedule';
import { KeyRotation } from 'nestjs-oidc-key';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import type { Settings } from '../settings.js';
import { areKeysInDatabase } from './are-keys-in-database.js';

const NINETY_DAYS = 90 * 24 * 3600;

/** Looks every day whether a new key is due. Every replica does, in the same second: one of them makes the key. */
@Injectable()
export class DailyRotation {
  private readonly logger = new Logger(DailyRotation.name);

  constructor(
    @Inject(KeyRotation) private readonly rotation: KeyRotation,
    private readonly config: ConfigService<Settings, true>,
  ) {}

  @Cron(CronExpression.EVERY_DAY_AT_3AM, { name: 'key rotation', waitForCompletion: true })
  async rotate(): Promise<void> {
    if (!areKeysInDatabase(this.config)) return;
    try {
      const { outcome, sentences } = await this.rotation.rotate({ every: NINETY_DAYS });
      if (outcome === 'written') this.logger.log(sentences.join(' '));
    } catch (error) {
      // The old key signs on, and tomorrow is another day.
      this.logger.error(withoutQueryParameters(error));
    }
  }
}
