import type { SigningAlgorithm } from '../core/algorithms.js';
import { OidcKeyError } from '../core/errors.js';
import type { ExtraTokenFieldsFunction } from '../core/jwt/extra-token-fields.js';
import type { LegacyHs256 } from '../core/jwt/legacy/legacy-hs256.js';
import type { Retention } from '../core/jwt/retention-guard.js';
import { checkServiceOptions, slotsOfOptions } from '../core/jwt/service-options.js';
import { isObject } from '../core/objects.js';
import { Usage } from '../core/usage/usage.js';
import type { SignerLog } from '../core/key/signer-log.js';
import type {
  OidcKeyExtras,
  OidcKeyFactoryOptions,
  OidcKeySourceOptions,
  OidcKeyStoreOptions,
  OidcKeyValues,
} from '../oidc-key.options.js';
import { defectOfAddress } from '../network/addresses.js';
import { checkedInterval, timingOf } from '../rotation/timing.js';
import type { RotationTiming } from '../rotation/timing.js';
import type { KeySource } from '../sources/key-source.js';
import { misspeltSettings, namedSettings } from '../sources/misspelt-settings.js';
import { settingsSource } from '../sources/settings.source.js';
import type { WatchableSettings } from '../sources/settings.source.js';
import type { Workplace } from '../stores/run-command.js';
import { explainingAbsence } from '../sources/unread-settings.js';
import { fromStoreOf } from './from-store.js';
import { legacyFrom } from './legacy.js';
import { allowedReferences, SignersOnDemand } from './signers-on-demand.js';
import { secondsOf, timesFrom } from './times.js';

/** Everything the module's providers are made from. */
export interface ResolvedOptions {
  readonly source: KeySource;
  readonly reloadInterval: number | undefined;
  /** In seconds. */
  readonly jwksMaxAge: number;
  readonly retention: Pick<Retention, 'seconds' | 'where'>;
  readonly timing: RotationTiming;
  readonly algorithm: SigningAlgorithm | undefined;
  /** Where relying parties fetch the JWKS. */
  readonly publicJwksUri: string | undefined;
  readonly extraTokenFields: ExtraTokenFieldsFunction | undefined;
  readonly legacyHs256: LegacyHs256 | undefined;
  /** The signers of keys that are held elsewhere. */
  readonly signers: (log: SignerLog) => SignersOnDemand;
  /** What a rotation by this process is run on, where the keys come from a store. */
  readonly workplace: (() => Promise<Workplace>) | undefined;
  /** Counts what the keys do. */
  readonly usage: Usage;
  /** What is odd about the settings, and yet no reason to refuse them. */
  readonly warnings: readonly string[];
}

type OptionName = keyof OidcKeyValues | keyof OidcKeySourceOptions | keyof OidcKeyStoreOptions;

const everyOption: Readonly<Record<OptionName, true>> = {
  key: true,
  nextKeys: true,
  previousKeys: true,
  revokedKids: true,
  nextActivatesAt: true,
  source: true,
  store: true,
  reloadInterval: true,
  algorithm: true,
  extraTokenFields: true,
  legacyHs256: true,
  signers: true,
  jwksMaxAge: true,
  keyRetention: true,
  keySpread: true,
  clockSkew: true,
  publicJwksUri: true,
  propagationFloor: true,
};

/** What every way to import the module takes, beside its extras. */
export const optionNames: readonly string[] = Object.keys(everyOption);

/**
 * The keys come whole from one place: from the option `key` and those beside it, from the option `source`, from a store,
 * or from the settings, so that no slot is filled from a place that nobody looks at.
 *
 * @throws OidcKeyError `OIDC_KEY_NO_CONFIG`, `OIDC_KEY_INVALID_OPTION`, and what reading the settings throws.
 */
export async function resolveOptions(
  options: OidcKeyFactoryOptions,
  settings: WatchableSettings | undefined,
  prefix: string,
): Promise<ResolvedOptions> {
  refuseMisplaced(options);
  checkServiceOptions(options, optionNames, 'OidcKeyModule');
  const isFromSettings = !isGiven(options, 'key') && !isGiven(options, 'source');
  const times = await timesFrom(options, settings, prefix);
  const timing = timingOf(secondsOf(times), options.propagationFloor);
  const reloadInterval = reloadIntervalIn(options);
  const signers = await allowedReferences(options.signers, settings, prefix);
  const usage = new Usage();
  const beside = { settings, prefix, timing, reloadInterval, signers, calls: usage.calls };
  const fromStore = isFromSettings ? await fromStoreOf(options, beside) : undefined;
  if (fromStore) refuseLonely(options);
  const source = fromStore?.source ?? sourceOf(options, settings, prefix, isFromSettings);
  const allowed = fromStore?.allowed ?? signers;
  const legacyHs256 = await legacyFrom(options, settings, prefix);
  return {
    source,
    reloadInterval,
    jwksMaxAge: times.jwksMaxAge.seconds,
    retention: times.keyRetention,
    timing,
    algorithm: options.algorithm,
    extraTokenFields: options.extraTokenFields,
    publicJwksUri: publicJwksUriIn(options),
    legacyHs256,
    signers: (log) => new SignersOnDemand(allowed, settings, log, usage.calls),
    workplace: fromStore?.workplace,
    usage,
    warnings: settings ? misspeltSettings(namedSettings(settings, prefix), prefix, !isFromSettings) : [],
  };
}

/** What has to be known before a factory is asked. */
const besideFactory: Readonly<Record<keyof OidcKeyExtras, true>> = {
  isGlobal: true,
  jwks: true,
  envPrefix: true,
  issuerName: true,
};

function refuseMisplaced(options: unknown): void {
  const misplaced = isObject(options)
    ? Object.keys(options).find((name) => Object.hasOwn(besideFactory, name))
    : undefined;
  if (misplaced === undefined) return;
  throw invalid(
    `The option "${misplaced}" of OidcKeyModule stands beside "useFactory" ("useClass", "useExisting"), and not in what ` +
      `that returns: forRootAsync({ ${misplaced}, useFactory }).`,
  );
}

function publicJwksUriIn({ publicJwksUri }: OidcKeyFactoryOptions): string | undefined {
  if (publicJwksUri === undefined) return undefined;
  const defect = defectOfAddress(publicJwksUri);
  if (defect !== undefined) throw invalid(`The option "publicJwksUri" ${defect}.`);
  return publicJwksUri;
}

function reloadIntervalIn(options: OidcKeyFactoryOptions): number | undefined {
  const reloadInterval = 'reloadInterval' in options ? options.reloadInterval : undefined;
  return reloadInterval === undefined
    ? undefined
    : checkedInterval(reloadInterval, 'The option "reloadInterval"');
}

function sourceOf(
  options: OidcKeyFactoryOptions,
  settings: WatchableSettings | undefined,
  prefix: string,
  isFromSettings: boolean,
): KeySource {
  return isFromSettings ? sourceFromSettings(options, settings, prefix) : givenSource(options);
}

// An option that is there but undefined is a mistake to report, and not one that was left out.
function isGiven(options: OidcKeyFactoryOptions, name: 'key' | 'source'): boolean {
  return name in options;
}

function givenSource(options: OidcKeyFactoryOptions): KeySource {
  const { source, key } = options as { source?: KeySource; key?: unknown };
  if (source === undefined) return { load: async () => slotsOfOptions(options as OidcKeyValues) };
  if (key !== undefined) throw invalid('The options "key" and "source" are both given. Remove one of them.');
  return source;
}

/** @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` */
function refuseLonely(options: OidcKeyFactoryOptions): void {
  const besideKey = ['nextKeys', 'previousKeys', 'revokedKids', 'nextActivatesAt'] as const;
  const lonely = besideKey.find((name) => name in options);
  if (lonely) {
    throw invalid(
      `The option "${lonely}" needs the option "key". Give the keys here, or all of them in the settings.`,
    );
  }
}

function sourceFromSettings(
  options: OidcKeyFactoryOptions,
  settings: WatchableSettings | undefined,
  prefix: string,
): KeySource {
  refuseLonely(options);
  if (!settings) {
    throw new OidcKeyError(
      'OIDC_KEY_NO_CONFIG',
      'OidcKeyModule finds no ConfigService to read its settings from. Import `ConfigModule.forRoot({ isGlobal: true })` ' +
        'of @nestjs/config (`npm install @nestjs/config`), pass it in the `imports` of forRootAsync, or give the option "key".',
    );
  }
  return explainingAbsence(settingsSource(settings, prefix), prefix);
}

function invalid(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}
