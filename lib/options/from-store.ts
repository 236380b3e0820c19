import { OidcKeyError } from '../core/errors.js';
import type { CallUsage } from '../core/usage/call-usage.js';
import { decodeText } from '../core/reading/text.js';
import type { OidcKeyFactoryOptions } from '../oidc-key.options.js';
import type { RotationTiming } from '../rotation/timing.js';
import type { KeySource } from '../sources/key-source.js';
import { storeSetting } from '../sources/setting-names.js';
import { settingText } from '../sources/setting-text.js';
import { settingsSource } from '../sources/settings.source.js';
import type { WatchableSettings } from '../sources/settings.source.js';
import type { KeyStore, SignerReference } from '../stores/key-store.js';
import type { Workplace } from '../stores/run-command.js';
import { checkedStore } from './checked-store.js';
import type { AllowedReferences } from './signers-on-demand.js';

/** Keys that come from a store. */
export interface FromStore {
  readonly source: KeySource;
  /** What a rotation by this process is run on. */
  readonly workplace: () => Promise<Workplace>;
  /** What a KMS that is the store allows, which is itself; undefined of every other store. */
  readonly allowed: AllowedReferences | undefined;
}

interface BesideStore {
  readonly settings: WatchableSettings | undefined;
  readonly prefix: string;
  readonly timing: RotationTiming;
  /** In seconds. */
  readonly reloadInterval: number | undefined;
  /** What a key set may name. */
  readonly signers: AllowedReferences;
  /** Counts the requests to the store. */
  readonly calls?: CallUsage | undefined;
}

const optionName = 'The option "store"';
const usualInterval = 60;

/**
 * The source over the store that the option "store" names, or else the setting; undefined where neither does. What stores
 * need is loaded then, and not where there is none.
 *
 * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`, `OIDC_KEY_CONFLICT`, and what is wrong with the setting
 */
export async function fromStoreOf(
  options: OidcKeyFactoryOptions,
  { settings, prefix, timing, reloadInterval, signers, calls }: BesideStore,
): Promise<FromStore | undefined> {
  const setting = prefix + storeSetting;
  const configured = settings && (await settingText(settings, setting));
  const given: unknown = 'store' in options ? options.store : undefined;
  if ('store' in options && given === undefined)
    throw invalid(`${optionName} is undefined. Leave it out, or name a store.`);
  if (given !== undefined && configured !== undefined && given !== configured) {
    throw new OidcKeyError(
      'OIDC_KEY_CONFLICT',
      `${optionName} and ${setting} both name a store. Remove one of them.`,
    );
  }
  const chosen = given ?? configured;
  if (chosen === undefined) return undefined;
  const name = given === undefined ? setting : optionName;
  const bare = await storeOf(chosen, name, settings);
  const { kms } = bare;
  const reference = kms?.reference ?? (typeof chosen === 'string' ? decodeText(chosen) : undefined);
  // What is behind the name is for the driver.
  const where = (kms ? reference?.replace(/\?.*$/s, '') : reference) ?? optionName;
  const beside = settings && settingsSource(settings, prefix);
  const { StoreSource } = await import('../stores/store.source.js');
  const interval = intervalOf(reloadInterval, timing);
  const { figures } = timing;
  const { AllowedSigners } = await import('../stores/allowed-signers.js');
  const { KeysElsewhere } = await import('../stores/keys-elsewhere.js');
  const elsewhere = new KeysElsewhere({
    allowed: new AllowedSigners(signers.allowed, signers.where),
    setting: (each) => decodeText(settings?.get(each)) ?? process.env[each],
  });
  const { countedStore, systemOf } = await import('../stores/counted-store.js');
  const store = calls ? countedStore(bare, systemOf(reference), calls) : bare;
  const source = new StoreSource({
    store,
    where,
    settings: beside,
    reloadInterval: interval,
    figures,
    elsewhere,
  });
  const allowed = kms && { allowed: [allKeysOf(kms)], where: name };
  return { source, workplace: () => source.workplace(), allowed };
}

/** What a KMS says that it has, nobody else has written, whatever name it has there. */
function allKeysOf({ reference, client, setting }: SignerReference): SignerReference {
  return { reference: reference.replace(/^([^:]*:)[^?]*/s, '$1'), client, setting };
}

async function storeOf(
  chosen: unknown,
  name: string,
  settings: WatchableSettings | undefined,
): Promise<KeyStore> {
  const { keyStoreNamed } = await import('../stores/store-reference.js');
  const { StoreReferenceError } = await import('../stores/store-reference-error.js');
  if (typeof chosen !== 'string') return checkedStore(chosen, name);
  const setting = (each: string) => decodeText(settings?.get(each)) ?? process.env[each];
  try {
    return keyStoreNamed(decodeText(chosen) ?? '', { name, setting });
  } catch (error) {
    if (error instanceof StoreReferenceError) throw invalid(error.message);
    throw error;
  }
}

/** Part of the spread, or the last replica would take a change over later than all reckon with. */
function intervalOf(given: number | undefined, { figures }: RotationTiming): number {
  const { keySpread } = figures;
  if (given === undefined) return Math.max(1, Math.min(usualInterval, Math.floor(keySpread / 2)));
  if (given <= keySpread) return given;
  throw invalid(
    `The option "reloadInterval" (${given} s) is longer than the spread (${keySpread} s): servers would take a change over ` +
      'later than the keys reckon with. Shorten it, or set a longer OIDC_KEY_SPREAD.',
  );
}

function invalid(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_INVALID_OPTION', message);
}
