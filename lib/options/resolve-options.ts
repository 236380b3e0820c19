import { OidcKeyError } from '../core/errors.js';
import type { SigningAlgorithm } from '../core/algorithms.js';
import { checkServiceOptions } from '../core/jwt/service-options.js';
import type { ExtraTokenFieldsFunction } from '../core/jwt/extra-token-fields.js';
import type { OidcKeyFactoryOptions, OidcKeySourceOptions, OidcKeyValues } from '../oidc-key.options.js';
import { readSeconds } from '../sources/settings.js';
import { readingSource } from '../rotation/reading.js';
import type { ReadingSource } from '../rotation/reading.js';
import { checkedSeconds, defaultTiming, timingOf } from '../rotation/timing.js';
import type { Timing, TimingOptions } from '../rotation/timing.js';
import { configSource } from '../sources/config.source.js';
import type { WatchableSettings } from '../sources/config.source.js';
import { optionSource } from '../sources/option.source.js';

/** Everything the module's providers are made from. */
export interface ResolvedOptions {
  readonly source: ReadingSource;
  readonly reloadInterval: number | undefined;
  readonly jwksMaxAge: number;
  readonly keyRetention: number;
  readonly timing: Timing;
  readonly algorithm: SigningAlgorithm | undefined;
  readonly extraTokenFields: ExtraTokenFieldsFunction | undefined;
}

type OptionName = keyof OidcKeyValues | keyof OidcKeySourceOptions;

const optionNames: Readonly<Record<OptionName, true>> = {
  key: true,
  nextKeys: true,
  previousKeys: true,
  revokedKids: true,
  nextActivatesAt: true,
  source: true,
  reloadInterval: true,
  algorithm: true,
  extraTokenFields: true,
  jwksMaxAge: true,
  keyRetention: true,
  keySpread: true,
  clockSkew: true,
  propagationFloor: true,
};

/** The option and the setting, less its prefix, of each time. */
const timingNames: Readonly<Record<keyof TimingOptions, string>> = {
  jwksMaxAge: 'JWKS_MAX_AGE',
  keyRetention: 'KEY_RETENTION',
  keySpread: 'KEY_SPREAD',
  clockSkew: 'CLOCK_SKEW',
};

/**
 * The keys come whole from one place: from the option `key` and those beside it, from the option `source`, or from
 * the settings, so that no slot is filled from a place that nobody looks at.
 *
 * @throws OidcKeyError `OIDC_KEY_NO_CONFIG`, `OIDC_KEY_INVALID_OPTION`, and what reading the settings throws.
 */
export function resolveOptions(
  options: OidcKeyFactoryOptions,
  settings: WatchableSettings | undefined,
  prefix: string,
): ResolvedOptions {
  checkServiceOptions(options, Object.keys(optionNames), 'OidcKeyModule');
  const { algorithm, extraTokenFields } = options;
  const isFromSettings = !isGiven(options, 'key') && !isGiven(options, 'source');
  const source = isFromSettings ? sourceFromSettings(options, settings, prefix) : givenSource(options);
  const reloadInterval = 'reloadInterval' in options ? options.reloadInterval : undefined;
  const timing = timingFrom(options, isFromSettings ? settings : undefined, prefix);
  return {
    source,
    reloadInterval: reloadInterval === undefined ? undefined : checkedInterval(reloadInterval),
    jwksMaxAge: timing.jwksMaxAge,
    keyRetention: timing.keyRetention,
    timing: timingOf(timing, options.propagationFloor),
    algorithm,
    extraTokenFields,
  };
}

// An option that is there but undefined is a mistake to report, and not one that was left out.
function isGiven(options: OidcKeyFactoryOptions, name: 'key' | 'source'): boolean {
  return name in options;
}

function givenSource(options: OidcKeyFactoryOptions): ReadingSource {
  const { source, key } = options as { source?: OidcKeySourceOptions['source']; key?: unknown };
  if (source === undefined) return optionSource(options as OidcKeyValues);
  if (key !== undefined) throw invalid('The options "key" and "source" are both given. Remove one of them.');
  return readingSource(source);
}

function sourceFromSettings(
  options: OidcKeyFactoryOptions,
  settings: WatchableSettings | undefined,
  prefix: string,
): ReadingSource {
  const besideKey = ['nextKeys', 'previousKeys', 'revokedKids', 'nextActivatesAt'] as const;
  const lonely = besideKey.find((name) => name in options);
  if (lonely) {
    throw invalid(
      `The option "${lonely}" needs the option "key". Give the keys here, or all of them in the settings.`,
    );
  }
  if (!settings) {
    throw new OidcKeyError(
      'OIDC_KEY_NO_CONFIG',
      'OidcKeyModule finds no ConfigService to read its settings from. Import `ConfigModule.forRoot({ isGlobal: true })`, ' +
        'pass it in the `imports` of forRootAsync, or give the option "key".',
    );
  }
  return configSource(settings, prefix);
}

function timingFrom(
  options: OidcKeyFactoryOptions,
  settings: WatchableSettings | undefined,
  prefix: string,
): TimingOptions {
  const names = Object.keys(timingNames) as (keyof TimingOptions)[];
  const entries = names.map((name) => {
    const given = options[name];
    if (given !== undefined) return [name, checkedSeconds(given, `The option "${name}"`)];
    const setting = settings && readSeconds(settings, `${prefix}${timingNames[name]}`);
    return [name, setting ?? defaultTiming[name]];
  });
  return Object.fromEntries(entries) as TimingOptions;
}

function checkedInterval(seconds: number): number {
  if (Number.isInteger(seconds) && seconds > 0) return seconds;
  throw invalid('The option "reloadInterval" has to be a whole number of seconds, 1 or more.');
}

function invalid(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}
