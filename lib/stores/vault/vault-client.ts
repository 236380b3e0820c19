import { isObject } from '../../core/objects.js';
import { HttpsClient } from '../https/https-client.js';
import type { HttpsAnswer, HttpsRequest } from '../https/https-client.js';
import { refusalOfServer } from './refusals.js';
import type { VaultSettings } from './vault-settings.js';

/** What Vault answers, where it was not for the server to refuse. */
export interface VaultAnswer {
  readonly status: number;
  /** The member of this name; empty where there is none. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly auth: Readonly<Record<string, unknown>>;
  /** What it says against the request. Undefined where the answer has no such member. */
  readonly errors: readonly string[] | undefined;
  readonly warnings: readonly string[];
  /** In seconds since 1970. */
  readonly date: number | undefined;
}

export interface VaultRequest {
  readonly method: 'GET' | 'POST';
  /** Behind `/v1/`, already escaped. */
  readonly path: string;
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly signal: AbortSignal;
}

/** How long a standby may be behind, and is not believed to be. In milliseconds. */
const longestLag = 600_000;

/** Asks one server or cluster of Vault or OpenBao. */
export class VaultClient {
  readonly #settings: VaultSettings;
  readonly #https: HttpsClient;
  readonly #prefix: string;
  /** How far the cluster was in the last answer: no later one may come from a standby that is behind. */
  #index: { readonly value: string; readonly until: number } | undefined;

  constructor(settings: VaultSettings, authorities: string | undefined) {
    const address = settings.address();
    this.#settings = settings;
    this.#prefix = `${address.pathname.replace(/\/+$/, '')}/v1/`;
    this.#https = new HttpsClient({
      where: settings.where,
      origin: new URL(address.origin),
      ca: authorities,
      servername: settings.get('TLS_SERVER_NAME')?.value,
      redirectsPass: true,
      remedyForCertificate:
        'Set VAULT_CACERT to the file of the authority that signed its certificate, and VAULT_TLS_SERVER_NAME where it has ' +
        'another name. VAULT_ADDR has to begin with the scheme that the server speaks. VAULT_SKIP_VERIFY is not read.',
    });
  }

  /** @throws KeyStoreError where the server answers nothing that could be about the request */
  async request({ method, path, token, body, signal }: VaultRequest): Promise<VaultAnswer> {
    const request: HttpsRequest = {
      method,
      path: this.#prefix + path,
      headers: { ...this.#headers(), ...(token !== undefined && { 'x-vault-token': token }) },
      body,
      signal,
    };
    const answer = await this.#https.request(request);
    const refusal = refusalOfServer(answer, this.#settings.where);
    if (refusal) throw refusal;
    this.#remember(answer);
    const { status, date } = answer;
    const json = isObject(answer.json) ? answer.json : {};
    return {
      status,
      date,
      data: isObject(json.data) ? json.data : {},
      auth: isObject(json.auth) ? json.auth : {},
      errors: Array.isArray(json.errors) ? json.errors.map(String) : undefined,
      warnings: Array.isArray(json.warnings) ? json.warnings.map(String) : [],
    };
  }

  close(): void {
    this.#https.close();
  }

  #headers(): Record<string, string> {
    const namespace = this.#settings.get('NAMESPACE');
    if (namespace && !/^[\w./ -]{1,512}$/.test(namespace.value)) {
      throw this.#settings.refuse(`${namespace.name} is no path of a namespace, such as team/app.`);
    }
    const index = this.#index;
    return {
      // A proxy of Vault may ask for it, against pages that make a browser send requests.
      'x-vault-request': 'true',
      ...(namespace && { 'x-vault-namespace': namespace.value }),
      ...(index &&
        performance.now() < index.until && {
          'x-vault-index': index.value,
          'x-vault-inconsistent': 'forward-active-node',
        }),
    };
  }

  #remember({ headers }: HttpsAnswer): void {
    const value = headers['x-vault-index'];
    if (typeof value !== 'string' || !/^[\x21-\x7e]{1,1024}$/.test(value)) return;
    this.#index = { value, until: performance.now() + longestLag };
  }
}
