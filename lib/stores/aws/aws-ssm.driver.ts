import type { Parameter, ParameterHistory, ParameterTier, PutParameterRequest } from '@aws-sdk/client-ssm';

import { KeyStoreError } from '../key-store.js';
import type { Secret, SecretContent, SecretDriver, SecretPlace } from '../secret-driver.js';
import { loadPackage } from '../vendor-package.js';
import { openClient } from './aws-client.js';
import { AwsConnection } from './aws-connection.js';
import { systemsManager } from './aws-service.js';

type Sdk = typeof import('@aws-sdk/client-ssm');

/** What a parameter of the tier Standard holds. */
const mostBytesOfStandard = 4_096;
const mostInPage = 50;

/** What an encrypted value looks like: of AWS's own, and of emulators of it. */
const encrypted = /^(?:AQICAH|kms:|ENCRYPTED:)/;

/** @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED` */
export async function openAwsParameter(place: SecretPlace): Promise<SecretDriver> {
  const { packageName } = systemsManager;
  const sdk = await loadPackage(packageName, place.where, () => import('@aws-sdk/client-ssm'));
  const opened = await openClient(place, systemsManager, (options) => new sdk.SSMClient(options));
  return new AwsParameterDriver(sdk, new AwsConnection(opened, systemsManager, place), place);
}

/** A parameter of AWS Systems Manager. Its versions are a counter, and whoever writes last is the last one. */
class AwsParameterDriver implements SecretDriver {
  readonly #sdk: Sdk;
  readonly #aws: AwsConnection;
  readonly #name: string;
  readonly #where: string;

  constructor(sdk: Sdk, aws: AwsConnection, { place, where }: SecretPlace) {
    this.#sdk = sdk;
    this.#aws = aws;
    this.#name = place;
    this.#where = where;
  }

  async read(signal: AbortSignal): Promise<Secret | undefined> {
    const answer = await this.#aws.askUnless(['ParameterNotFound'], {
      action: 'GetParameter',
      command: new this.#sdk.GetParameterCommand({ Name: this.#name, WithDecryption: true }),
      signal,
    });
    if (!answer) return undefined;
    const { Parameter: parameter = {} } = answer.output;
    if (!this.#isAsked(parameter)) {
      throw this.#notRead(
        'what answers gives another parameter than was asked for. See what stands between.',
      );
    }
    return { ...this.#secretIn(parameter), date: answer.date };
  }

  async write(content: SecretContent, expected: string | undefined, signal: AbortSignal): Promise<boolean> {
    this.#refuseArn();
    // A parameter is one text: what is written is none of fields.
    const text = content as string;
    const request = { Name: this.#name, Value: text, Type: 'SecureString', Tier: tierFor(text) } as const;
    if (expected === undefined) return this.#put(request, signal);
    const { KeyId, Tier, Type } = (await this.#history(false, signal)).at(-1) ?? {};
    if (Type !== undefined && Type !== 'SecureString') throw this.#notSecure();
    // Left away, AWS would take the account's own key, and its default tier.
    return this.#put({ ...request, KeyId, Tier: keptTier(Tier, text), Overwrite: true }, signal);
  }

  async between(base: string, version: string, signal: AbortSignal): Promise<readonly Secret[]> {
    const [first, last] = [Number(base), Number(version)];
    const history = await this.#history(true, signal);
    const numbers = history.map((each) => each.Version ?? 0);
    const found = history.filter((_, index) => numbers[index]! > first && numbers[index]! < last);
    // AWS removes the oldest of more than a hundred, and none from between.
    const oldest = Math.max(first + 1, Math.min(...numbers));
    if (!numbers.includes(last) || found.length < last - oldest) {
      throw this.#notRead('its history lacks versions that were written. Try again.', true);
    }
    return found.map((each) => this.#secretIn(each));
  }

  async destroyBefore(): Promise<string> {
    return (
      `AWS keeps the last 100 versions of ${this.#where}, and destroys none of them alone. To be rid of them, take the keys ` +
      'over into another parameter (`init --from`), and delete this one.'
    );
  }

  close(): void {
    this.#aws.close();
  }

  /** False where there is a parameter, and it was not to be overwritten. */
  async #put(request: PutParameterRequest, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#aws.askUnless(['ParameterAlreadyExists'], {
      action: 'PutParameter',
      command: new this.#sdk.PutParameterCommand(request),
      isWrite: true,
      signal,
    });
    return answer !== undefined;
  }

  /** Every version that is kept, oldest first. */
  async #history(isDecrypted: boolean, signal: AbortSignal): Promise<readonly ParameterHistory[]> {
    const versions: ParameterHistory[] = [];
    let token: string | undefined;
    do {
      const answer = await this.#aws.askUnless(['ParameterNotFound'], {
        action: 'GetParameterHistory',
        command: new this.#sdk.GetParameterHistoryCommand({
          Name: this.#name,
          WithDecryption: isDecrypted,
          MaxResults: mostInPage,
          NextToken: token,
        }),
        signal,
      });
      versions.push(...(answer?.output.Parameters ?? []));
      token = answer?.output.NextToken;
    } while (token !== undefined && token !== '');
    return versions.toSorted((a, b) => (a.Version ?? 0) - (b.Version ?? 0));
  }

  #secretIn({ Value: value = '', Version: version = 0 }: Parameter | ParameterHistory): Secret {
    if (!Number.isSafeInteger(version) || version < 1) throw this.#notRead('its answer has no version.');
    if (encrypted.test(value)) {
      throw this.#notRead(
        'its value came encrypted. See what stands between, and the KMS key of the parameter.',
      );
    }
    return { content: value, version: String(version) };
  }

  #isAsked({ Name, ARN }: Parameter): boolean {
    return this.#name === (this.#name.startsWith('arn:') ? ARN : Name);
  }

  /** By the name in it, AWS would write into the account that asks, which may be another. */
  #refuseArn(): void {
    if (!this.#name.startsWith('arn:')) return;
    throw new KeyStoreError(
      'KEY_STORE_NOT_WRITTEN',
      `${this.#where}: AWS writes no parameter by its ARN. Name it by its path, in the account and region that it is of.`,
    );
  }

  #notSecure(): KeyStoreError {
    return new KeyStoreError(
      'KEY_STORE_NOT_WRITTEN',
      `${this.#where} is no SecureString, and AWS cannot make it one. Take the keys over into another parameter ` +
        '(`init --from`), and delete this one.',
    );
  }

  #notRead(what: string, isTransient = false): KeyStoreError {
    return new KeyStoreError('KEY_STORE_NOT_READ', `${this.#where}: ${what}`, { isTransient });
  }
}

function tierFor(text: string): ParameterTier {
  return Buffer.byteLength(text) > mostBytesOfStandard ? 'Advanced' : 'Standard';
}

/** AWS refuses the way down. */
function keptTier(tier: ParameterTier | undefined, text: string): ParameterTier {
  return tier === undefined || tier === 'Standard' ? tierFor(text) : tier;
}
