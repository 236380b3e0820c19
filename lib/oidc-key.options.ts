import { OidcKeyError } from './core/errors.js';
import type { ExtraTokenFieldsFunction } from './core/extra-token-fields.js';
import { settingsFromOptions } from './core/key-settings.js';
import type { KeySettings } from './core/key-settings.js';
import type { OidcKeyFactoryOptions, OidcKeyOptions } from './interfaces/oidc-key-options.interface.js';
import { readJwksMaxAge, readKeySettings } from './oidc-key.config.js';
import type { SettingsReader } from './oidc-key.config.js';

/** Everything the module's providers are made from. */
export interface ResolvedOptions {
  readonly keys: KeySettings;
  readonly jwksMaxAge: number;
  readonly extraTokenFields: ExtraTokenFieldsFunction | undefined;
}

const optionNames: Readonly<Record<keyof OidcKeyOptions, true>> = {
  key: true,
  nextKeys: true,
  previousKeys: true,
  algorithm: true,
  extraTokenFields: true,
  jwksMaxAge: true,
};

const defaultJwksMaxAge = 3600;
const longestJwksMaxAge = 31_536_000;

/**
 * Where the options hold a `key`, all slots come from the options; otherwise all of them come from the settings, so
 * that no slot is filled from a place that nobody looks at.
 *
 * @throws OidcKeyError `OIDC_KEY_NO_CONFIG`, `OIDC_KEY_INVALID_OPTION`, and what reading the settings throws.
 */
export function resolveOptions(
  options: OidcKeyFactoryOptions,
  reader: SettingsReader | undefined,
  prefix: string,
): ResolvedOptions {
  refuseUnknown(options);
  const { extraTokenFields } = options;
  if (hasKey(options)) {
    const maxAge = options.jwksMaxAge ?? defaultJwksMaxAge;
    return { keys: settingsFromOptions(options), jwksMaxAge: checkedMaxAge(maxAge), extraTokenFields };
  }
  if (options.nextKeys !== undefined || options.previousKeys !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      'The options "nextKeys" and "previousKeys" need the option "key". Give all three, or none and the settings.',
    );
  }
  if (!reader) {
    throw new OidcKeyError(
      'OIDC_KEY_NO_CONFIG',
      'OidcKeyModule finds no ConfigService to read its settings from. Import `ConfigModule.forRoot({ isGlobal: true })`, ' +
        'pass it in the `imports` of forRootAsync, or give the option "key".',
    );
  }
  const keys = { ...readKeySettings(reader, prefix), algorithm: options.algorithm };
  const setting = options.jwksMaxAge === undefined ? readJwksMaxAge(reader, prefix) : undefined;
  const maxAge = setting?.seconds ?? options.jwksMaxAge ?? defaultJwksMaxAge;
  return { keys, jwksMaxAge: checkedMaxAge(maxAge, setting?.name), extraTokenFields };
}

function hasKey(options: OidcKeyFactoryOptions): options is OidcKeyOptions {
  return 'key' in options;
}

function refuseUnknown(options: OidcKeyFactoryOptions): void {
  const known = Object.keys(optionNames);
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_INVALID_OPTION',
      `OidcKeyModule has no option "${unknown}". Its options are ${known.join(', ')}.`,
    );
  }
}

function checkedMaxAge(seconds: number, name = 'The option "jwksMaxAge"'): number {
  if (Number.isInteger(seconds) && seconds >= 0 && seconds <= longestJwksMaxAge) return seconds;
  throw new OidcKeyError(
    'OIDC_KEY_INVALID_OPTION',
    `${name} has to be a whole number of seconds, from 0 to ${longestJwksMaxAge}. The default is ${defaultJwksMaxAge}.`,
  );
}
