import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { KeyStoreError } from '../key-store.js';
import type { SecretPlace } from '../secret-driver.js';

/** A setting that is set, and how messages call it. */
export interface VaultSetting {
  readonly name: string;
  readonly value: string;
}

type Place = Pick<SecretPlace, 'where' | 'setting'>;

/** The settings of Vault's users. Those of OpenBao's go before them, as for its own command, set to nothing or not. */
export class VaultSettings {
  readonly where: string;
  readonly #setting: Place['setting'];

  constructor({ where, setting }: Place) {
    this.where = where;
    this.#setting = setting;
  }

  /** @param name without `VAULT_` and `BAO_` */
  get(name: string): VaultSetting | undefined {
    const ofOpenBao = this.#setting(`BAO_${name}`);
    const value = (ofOpenBao ?? this.#setting(`VAULT_${name}`) ?? '').trim();
    return value === '' ? undefined : { name: `${ofOpenBao === undefined ? 'VAULT' : 'BAO'}_${name}`, value };
  }

  /** The home of the user, where Vault's own command leaves its token. */
  get home(): string | undefined {
    return this.#setting('HOME');
  }

  refuse(message: string): KeyStoreError {
    return new KeyStoreError('KEY_STORE_MISCONFIGURED', `${this.where} cannot be asked: ${message}`);
  }

  /**
   * Where the server is; a path in it stands before that of every request.
   *
   * @throws KeyStoreError `KEY_STORE_MISCONFIGURED`
   */
  address(): URL {
    const setting = this.get('ADDR');
    if (!setting) {
      throw this.refuse(
        'VAULT_ADDR is not set. Set it to the address of the server, such as https://vault:8200.',
      );
    }
    const url = URL.canParse(setting.value) ? new URL(setting.value) : undefined;
    const isOfWeb = url && /^https?:$/.test(url.protocol);
    // A password in it would come into messages of others.
    if (isOfWeb && url.username === '' && url.password === '') return url;
    throw this.refuse(
      `${setting.name} is no address of a server. It looks like https://vault:8200, with nothing before the host.`,
    );
  }

  /** The certificates of private authorities. */
  async authorities(): Promise<string | undefined> {
    const setting = this.get('CACERT');
    if (!setting) return undefined;
    const pem = await readFile(setting.value, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw this.refuse(`the file that ${setting.name} names cannot be read (${error.code}).`);
    });
    if (isCertificate(pem)) return pem;
    throw this.refuse(`the file that ${setting.name} names holds no certificate in PEM.`);
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).subject !== '';
  } catch {
    // What OpenSSL says of it helps nobody.
    return false;
  }
}
