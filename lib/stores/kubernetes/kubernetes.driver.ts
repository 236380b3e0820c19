import { KeyStoreError } from '../key-store.js';
import type { HttpsAnswer } from '../https/https-client.js';
import type { Secret, SecretContent, SecretDriver, SecretPlace } from '../secret-driver.js';
import { ApiClient } from './api-client.js';
import { statusIn } from './api-status.js';
import type { AccessSource } from './cluster-access.js';
import { kubeconfig, kubeconfigSetting, writesKubeconfig } from './kubeconfig.js';
import { accountFolder, isInPod, podAccount } from './pod-account.js';
import { notTheSecret, refusal } from './refusals.js';
import type { Asked } from './refusals.js';
import { contentOf, dataOf, isFieldName, isSecret, versionOf } from './secret-object.js';
import type { SecretName, SecretObject } from './secret-object.js';

/**
 * A Secret of Kubernetes, `NAMESPACE/SECRET`. With `KUBECONFIG` as the user of its current context, else as the account of
 * the pod that this process runs in.
 *
 * @param folder where the pod's account is
 * @throws KeyStoreError `KEY_STORE_MISCONFIGURED`
 */
export async function openKubernetes(place: SecretPlace, folder = accountFolder): Promise<SecretDriver> {
  const [namespace = '', name = ''] = place.place.split('/');
  const source = accessFor(place, folder);
  return new KubernetesDriver(place.where, { namespace, name }, source);
}

function accessFor(place: SecretPlace, folder: string): AccessSource {
  const { where, setting, client } = place;
  if (client !== undefined) {
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${where} takes no client: it is asked without an SDK. Leave "client" away, and set ${kubeconfigSetting} outside of a pod.`,
    );
  }
  const config = setting(kubeconfigSetting);
  if (config !== undefined) return kubeconfig(config, place);
  if (isInPod(place)) return podAccount(place, folder);
  throw new KeyStoreError(
    'KEY_STORE_MISCONFIGURED',
    `${where} is not reached: this is no pod (KUBERNETES_SERVICE_HOST is not set). Write a kubeconfig with ` +
      `\`${writesKubeconfig}\`, and set ${kubeconfigSetting} to its path.`,
  );
}

class KubernetesDriver implements SecretDriver {
  readonly #where: string;
  readonly #name: SecretName;
  readonly #source: AccessSource;
  readonly #api: ApiClient;

  constructor(where: string, name: SecretName, source: AccessSource) {
    this.#where = where;
    this.#name = name;
    this.#source = source;
    this.#api = new ApiClient(where, source);
  }

  async read(signal: AbortSignal): Promise<Secret | undefined> {
    const { secret, date } = await this.#get(signal);
    return secret && { content: contentOf(secret), version: versionOf(secret), date };
  }

  async write(content: SecretContent, expected: string | undefined, signal: AbortSignal): Promise<boolean> {
    const data = dataOf(content);
    this.#refuseFieldNames(data);
    const { secret } = await this.#get(signal);
    if ((secret && versionOf(secret)) !== expected) return false;
    return secret ? this.#update(secret, data, signal) : this.#create(data, signal);
  }

  close(): void {
    this.#api.close();
  }

  async #get(signal: AbortSignal): Promise<{ secret: SecretObject | undefined; date: number | undefined }> {
    const answer = await this.#api.request({ method: 'GET', path: this.#path, signal });
    const { date } = answer;
    if (answer.status === 200) return { secret: this.#secretIn(answer), date };
    const { reason, kind, name } = statusIn(answer);
    const isAbsent = reason === 'NotFound' && kind === 'secrets' && name === this.#name.name;
    if (isAbsent) return { secret: undefined, date };
    throw this.#refusal(answer, 'get');
  }

  /** Everything as it was read, and with the number that it had: without that, whatever is there would be overwritten. */
  async #update(secret: SecretObject, data: SecretObject['data'], signal: AbortSignal): Promise<boolean> {
    this.#refuseFixed(secret);
    const answer = await this.#api.request({
      method: 'PUT',
      path: this.#path,
      body: { ...secret, data },
      signal,
    });
    if (answer.status === 200) return Boolean(this.#secretIn(answer));
    const { reason, kind } = statusIn(answer);
    // Deleted since, which whoever asked has to find out.
    const isGone = reason === 'NotFound' && kind === 'secrets';
    if (reason === 'Conflict' || isGone) return false;
    throw this.#refusal(answer, 'update');
  }

  async #create(data: SecretObject['data'], signal: AbortSignal): Promise<boolean> {
    const { namespace, name } = this.#name;
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, type: 'Opaque', data };
    const answer = await this.#api.request({ method: 'POST', path: this.#collection, body, signal });
    if (answer.status === 201) return Boolean(this.#secretIn(answer));
    if (statusIn(answer).reason === 'AlreadyExists') return false;
    throw this.#refusal(answer, 'create');
  }

  get #path(): string {
    return `${this.#collection}/${this.#name.name}`;
  }

  get #collection(): string {
    return `/api/v1/namespaces/${this.#name.namespace}/secrets`;
  }

  #secretIn({ json }: HttpsAnswer): SecretObject {
    if (isSecret(json, this.#name)) return json;
    throw notTheSecret({ where: this.#where });
  }

  #refusal(answer: HttpsAnswer, verb: Asked['verb']): KeyStoreError {
    const { remedyForCredentials } = this.#source;
    return refusal(answer, { where: this.#where, secret: this.#name, verb, remedyForCredentials });
  }

  #refuseFieldNames(data: object): void {
    if (Object.keys(data).every(isFieldName)) return;
    throw this.#notWritten(
      'Kubernetes takes letters, digits, "-", "_" and "." in the name of a field. Choose another one behind "#"',
    );
  }

  #refuseFixed({ immutable, metadata }: SecretObject): void {
    if (immutable === true) {
      throw this.#notWritten(
        'it is immutable. Delete it, and make it again with the same data and without "immutable: true"',
      );
    }
    // Whatever is written now goes with it.
    if (metadata.deletionTimestamp !== undefined) {
      throw this.#notWritten(
        'it is being deleted, and waits for its finalizers. Let that end, and make it again',
      );
    }
  }

  #notWritten(why: string): KeyStoreError {
    return new KeyStoreError('KEY_STORE_NOT_WRITTEN', `${this.#where} is not written: ${why}.`);
  }
}
