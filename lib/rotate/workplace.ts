import { OidcKeyError } from '../core/errors.js';
import type { Figures } from '../core/key-set/figures.js';
import { revokedKidsOf } from '../core/reading/revoked-kids.js';
import { decodeText } from '../core/reading/text.js';
import { checkedStore } from '../options/checked-store.js';
import { timesFrom } from '../options/times.js';
import type { TimingOptions } from '../rotation/timing.js';
import type { Decryption } from '../sources/encrypted-key-set.js';
import { readPrivateSetting } from '../sources/exposed-key.js';
import { Files } from '../sources/files/files.js';
import { defaultEnvPrefix, keySettings, signersSetting, storeSetting } from '../sources/setting-names.js';
import { settingText } from '../sources/setting-text.js';
import type { SettingsReader } from '../sources/settings.js';
import { AllowedSigners } from '../stores/allowed-signers.js';
import { KeysElsewhere } from '../stores/keys-elsewhere.js';
import type { KeyStore, SignerReference } from '../stores/key-store.js';
import { makingHere } from '../stores/make-key.js';
import type { RevokedKidsOfSetting, Workplace } from '../stores/run-command.js';
import { keyStoreNamed, storeForms } from '../stores/store-reference.js';
import { StoreReferenceError } from '../stores/store-reference-error.js';

/** What every command is given. */
export interface CommandOptions {
  /** A reference, such as `vault:secret/oidc-keys`, or a store of one's own. Default: the setting `OIDC_KEY_STORE`. */
  readonly store?: string | KeyStore | undefined;
  /**
   * Where settings are read from: the store, the passphrase, the times that are not given, and what the drivers of stores
   * know. Default: the environment of the process.
   */
  readonly settings?: SettingsReader | undefined;
  /** What the names of the settings begin with. Default `OIDC_`. */
  readonly prefix?: string | undefined;
  /** How long relying parties may cache the JWKS, in seconds; not below what the servers have. Default: the setting. */
  readonly maxAge?: number | undefined;
  /** How long a key stays published after it stopped signing, in seconds. Default: the setting. */
  readonly retention?: number | undefined;
  /** The longest time until the last replica has taken over a change, in seconds. Default: the setting. */
  readonly spread?: number | undefined;
  /** How far clocks may differ, in seconds. Default: the setting. */
  readonly clockSkew?: number | undefined;
  /** Does everything but write. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

/** What a command is run on, and what is odd about its settings. */
export interface WorkplaceOfSettings extends Workplace {
  readonly warnings: readonly string[];
}

const environment: SettingsReader = { get: (name) => process.env[name] };

/**
 * What a command is run on, as its options and the settings say it.
 *
 * @param where how messages call a store that is no reference
 * @param bits the size of an RSA modulus; default: that of the key before
 * @param to where keys are made; default: where the key before is
 * @throws StoreReferenceError
 * @throws OidcKeyError what is wrong with a setting
 */
export async function workplaceFor(
  options: CommandOptions,
  {
    where = 'The store',
    bits,
    to,
  }: {
    readonly where?: string | undefined;
    readonly bits?: number | undefined;
    readonly to?: string | SignerReference | undefined;
  } = {},
): Promise<WorkplaceOfSettings> {
  const { settings = environment, prefix = defaultEnvPrefix, dryRun } = options;
  const named = await storeFor(options, where);
  const { decryption, warnings } = await decryptionFor(named.where, settings, prefix);
  return {
    store: named.store,
    decryption,
    figures: await figuresFor(options, settings, prefix),
    make: makingHere(bits),
    elsewhere: new KeysElsewhere({
      to,
      bits,
      allowed: await allowedSigners(settings, prefix),
      nameOfAllowed: prefix + signersSetting,
      setting: (each) => decodeText(settings.get(each)) ?? process.env[each],
    }),
    revokedKids: named.store.kms && (await revokedKids(settings, prefix)),
    isDryRun: dryRun,
    warnings,
  };
}

/** Undefined where nothing says what servers allow. */
async function allowedSigners(settings: SettingsReader, prefix: string): Promise<AllowedSigners | undefined> {
  const name = prefix + signersSetting;
  const value = await settingText(settings, name);
  return value === undefined ? undefined : new AllowedSigners(value, name);
}

/** As the servers read it: what is wrong with it takes no revocation away. */
async function revokedKids(settings: SettingsReader, prefix: string): Promise<RevokedKidsOfSetting> {
  const name = prefix + keySettings.revokedKids;
  const { kids } = revokedKidsOf(await settingText(settings, name), name);
  return { kids, name };
}

async function storeFor(
  { store: given, settings = environment, prefix = defaultEnvPrefix }: CommandOptions,
  where: string,
): Promise<{ store: KeyStore; where: string }> {
  if (given !== undefined && typeof given !== 'string')
    return { store: checkedStore(given, 'The option "store"'), where };
  const nameOfSetting = prefix + storeSetting;
  const reference = decodeText(given) ?? (await settingText(settings, nameOfSetting));
  if (reference === undefined) {
    throw new StoreReferenceError(
      `No store is named, and ${nameOfSetting} is not set. ${storeForms}`,
      'STORE_MISSING',
    );
  }
  const name = given === undefined ? nameOfSetting : 'The name of the store';
  const setting = (each: string) => decodeText(settings.get(each)) ?? process.env[each];
  const store = keyStoreNamed(reference, { name, setting });
  // What is behind the name of a key is for the driver.
  return { store, where: store.kms ? reference.replace(/\?.*$/s, '') : reference };
}

/** @throws OidcKeyError where the passphrase cannot be had: without it the key set would be written plain */
async function decryptionFor(
  where: string,
  settings: SettingsReader,
  prefix: string,
): Promise<{ decryption: Decryption; warnings: readonly string[] }> {
  const name = prefix + keySettings.passphrase;
  const { value, about } = await readPrivateSetting(settings, name, new Files().ofOneMoment());
  if (value instanceof OidcKeyError) throw value;
  const missing = about.absence ?? about.emptiness;
  if (missing) throw missing;
  const remedy = `Set ${name}, or ${name}_FILE if it holds a "$"`;
  return {
    decryption: { where, passphrase: value, remedy },
    warnings: about.warning === undefined ? [] : [about.warning],
  };
}

async function figuresFor(
  options: CommandOptions,
  settings: SettingsReader,
  prefix: string,
): Promise<Figures> {
  const { maxAge, retention, spread, clockSkew } = options;
  const given: Partial<TimingOptions> = {
    ...(maxAge !== undefined && { jwksMaxAge: maxAge }),
    ...(retention !== undefined && { keyRetention: retention }),
    ...(spread !== undefined && { keySpread: spread }),
    ...(clockSkew !== undefined && { clockSkew }),
  };
  const times = await timesFrom(given, settings, prefix);
  const seconds = Object.entries(times).map(([name, time]) => [name, time.seconds] as const);
  return Object.fromEntries(seconds) as unknown as Figures;
}
