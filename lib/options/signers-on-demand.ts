import { OidcKeyError } from '../core/errors.js';
import type { RemoteSigners } from '../core/key/remote-signers.js';
import type { SignerLog } from '../core/key/signer-log.js';
import type { CallUsage } from '../core/usage/call-usage.js';
import { decodeText } from '../core/reading/text.js';
import { signersSetting } from '../sources/setting-names.js';
import { settingText } from '../sources/setting-text.js';
import type { WatchableSettings } from '../sources/settings.source.js';

/** The signers of keys that are held elsewhere. What they need is loaded when a key set has such a key. */
export class SignersOnDemand {
  readonly #allowed: unknown;
  readonly #where: string;
  readonly #settings: WatchableSettings | undefined;
  readonly #log: SignerLog;
  readonly #calls: CallUsage | undefined;
  #opened: Promise<RemoteSigners & { close(): void }> | undefined;

  constructor(
    { allowed, where }: AllowedReferences,
    settings: WatchableSettings | undefined,
    log: SignerLog,
    calls?: CallUsage,
  ) {
    this.#allowed = allowed;
    this.#where = where;
    this.#settings = settings;
    this.#log = log;
    this.#calls = calls;
  }

  readonly open = (): Promise<RemoteSigners> => (this.#opened ??= this.#open());

  close(): void {
    // What could not be opened was said where it was asked.
    void this.#opened?.then(
      (signers) => signers.close(),
      () => undefined,
    );
  }

  async #open(): Promise<RemoteSigners & { close(): void }> {
    const { Signers } = await import('../stores/signers.js');
    const { AllowedSigners } = await import('../stores/allowed-signers.js');
    const settings = this.#settings;
    return new Signers({
      allowed: new AllowedSigners(this.#allowed, this.#where),
      setting: (name) => decodeText(settings?.get(name)) ?? process.env[name],
      log: this.#log,
      calls: this.#calls,
    });
  }
}

/** The references that a key set may name, unread, and how messages call what holds them. */
export interface AllowedReferences {
  readonly allowed: unknown;
  readonly where: string;
}

/**
 * What the option "signers" or else the setting allows. A KMS that is the store of all keys allows itself.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT`, and what is wrong with the setting
 */
export async function allowedReferences(
  given: unknown,
  settings: WatchableSettings | undefined,
  prefix: string,
): Promise<AllowedReferences> {
  const where = prefix + signersSetting;
  const configured = settings && (await settingText(settings, where));
  if (given === undefined) return { allowed: configured, where };
  if (configured === undefined) return { allowed: given, where: 'The option "signers"' };
  throw new OidcKeyError(
    'OIDC_KEY_CONFLICT',
    `The option "signers" and ${where} are both set. Remove one of them.`,
  );
}
