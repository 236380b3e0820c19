// Where the keys are, by the settings.
import type { ConfigService } from '@nestjs/config';
import type { Settings } from '../settings.js';

export function areKeysInDatabase(config: ConfigService<Settings, true>): boolean {
  return config.get('KEYS_IN_DATABASE', { infer: true }) === 'true';
}
