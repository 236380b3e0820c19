import { randomUUID } from 'node:crypto';

import type { GetSecretValueResponse } from '@aws-sdk/client-secrets-manager';

import { KeyStoreError } from '../key-store.js';
import type { OtherSecret, Secret, SecretContent, SecretDriver, SecretPlace } from '../secret-driver.js';
import { loadPackage } from '../vendor-package.js';
import { openClient } from './aws-client.js';
import { AwsConnection, isRefusal } from './aws-connection.js';
import { secretsManager } from './aws-service.js';

type Sdk = typeof import('@aws-sdk/client-secrets-manager');
/** That a version has a label; it may have several. */
interface Label {
  readonly version: string;
  readonly label: string;
}

const current = 'AWSCURRENT';
const previous = 'AWSPREVIOUS';
const pending = 'AWSPENDING';
/** Of a version that is being written. One per write: a label that all shared would be taken from the one before. */
const labelOfWrite = 'oidc-key-';

/** What AWS says where the label is no longer on the version from which it was to be taken. */
const lost = ['InvalidParameterException', 'ResourceNotFoundException'];

/** @throws KeyStoreError `KEY_STORE_PACKAGE_MISSING`, `KEY_STORE_MISCONFIGURED` */
export async function openAwsSecretsManager(place: SecretPlace): Promise<SecretDriver> {
  const { packageName } = secretsManager;
  const sdk = await loadPackage(packageName, place.where, () => import('@aws-sdk/client-secrets-manager'));
  const opened = await openClient(place, secretsManager, (options) => new sdk.SecretsManagerClient(options));
  return new AwsSecretsManagerDriver(sdk, new AwsConnection(opened, secretsManager, place), place);
}

/**
 * A secret of AWS Secrets Manager. The label AWSCURRENT says which version holds, and moving it from the version that was
 * read is the compare-and-set; a plain PutSecretValue would move it whatever it stands on.
 */
class AwsSecretsManagerDriver implements SecretDriver {
  readonly #sdk: Sdk;
  readonly #aws: AwsConnection;
  readonly #id: string;
  readonly #where: string;

  constructor(sdk: Sdk, aws: AwsConnection, { place, where }: SecretPlace) {
    this.#sdk = sdk;
    this.#aws = aws;
    this.#id = place;
    this.#where = where;
  }

  async read(signal: AbortSignal): Promise<Secret | undefined> {
    const answer = await this.#labelled(current, ['ResourceNotFoundException'], signal);
    return answer && { ...this.#secretIn(answer.output, current), date: answer.date };
  }

  async others(signal: AbortSignal): Promise<readonly OtherSecret[]> {
    const found: OtherSecret[] = [];
    for (const label of [previous, pending]) {
      // A policy may allow the label that holds, and no other.
      const absent = ['ResourceNotFoundException', 'AccessDeniedException'];
      const answer = await this.#labelled(label, absent, signal);
      if (!answer || answer.output.VersionStages?.includes(current)) continue;
      const { content, since } = this.#secretIn(answer.output, label);
      if (since !== undefined) found.push({ content, since, isPending: label === pending });
    }
    return found;
  }

  async write(content: SecretContent, expected: string | undefined, signal: AbortSignal): Promise<boolean> {
    // A secret here is one text: what is written is none of fields.
    const text = content as string;
    if (expected !== undefined) return this.#replace(text, expected, signal);
    const labels = await this.#labels(signal);
    if (!labels) return this.#create(text, signal);
    // There is one. It is nothing but a name where infrastructure code has made it, for somebody to put a value in.
    const before = versionWith(current, labels);
    if (before !== undefined && (await this.read(signal))) return false;
    return this.#replace(text, before, signal);
  }

  async destroyBefore(version: string, signal: AbortSignal): Promise<string> {
    const labels = (await this.#labels(signal)) ?? [];
    const old = labels.filter(
      (each) => each.version !== version && (each.label === previous || isOfWrite(each.label)),
    );
    for (const each of old) await this.#removeLabel(each, signal);
    return (
      `AWS destroys no version of a secret. Those of ${this.#where} that are older have no label any more, and AWS deletes ` +
      'them when it likes; until then whoever may read the secret reads them by their identifiers.'
    );
  }

  close(): void {
    this.#aws.close();
  }

  async #create(text: string, signal: AbortSignal): Promise<boolean> {
    if (this.#id.startsWith('arn:')) {
      throw new KeyStoreError(
        'KEY_STORE_NOT_WRITTEN',
        `${this.#where} is not there, and AWS makes no secret by its ARN. Name it by its name, or make it first.`,
      );
    }
    const answer = await this.#aws.askUnless(['ResourceExistsException'], {
      action: 'CreateSecret',
      command: new this.#sdk.CreateSecretCommand({
        Name: this.#id,
        ClientRequestToken: randomUUID(),
        SecretString: text,
      }),
      isWrite: true,
      signal,
    });
    return answer !== undefined;
  }

  /** Puts a version beside the one that was read, where nobody looks, and then the label that holds on it. */
  async #replace(text: string, from: string | undefined, signal: AbortSignal): Promise<boolean> {
    const id = randomUUID();
    const label = labelOfWrite + id;
    const put = await this.#aws.askUnless(['ResourceNotFoundException'], {
      action: 'PutSecretValue',
      command: new this.#sdk.PutSecretValueCommand({
        SecretId: this.#id,
        ClientRequestToken: id,
        SecretString: text,
        VersionStages: [label],
      }),
      isWrite: true,
      signal,
    });
    if (!put) return false;
    const { VersionId: version = id } = put.output;
    let done: readonly Label[] = [{ version, label }];
    try {
      const labels = (await this.#labels(signal)) ?? [];
      const isWritten = await this.#makeCurrent(version, from, labels, signal);
      // The labels that were there before this one won are of writers that lost, or were killed.
      if (isWritten) done = labels.filter((each) => isOfWrite(each.label));
      return isWritten;
    } finally {
      await this.#tidy(done, signal);
    }
  }

  async #makeCurrent(
    version: string,
    from: string | undefined,
    labels: readonly Label[],
    signal: AbortSignal,
  ): Promise<boolean> {
    // The first version of a secret has the label at once.
    if (versionWith(current, labels) === version) return true;
    try {
      await this.#aws.ask({
        action: 'UpdateSecretVersionStage',
        command: new this.#sdk.UpdateSecretVersionStageCommand({
          SecretId: this.#id,
          VersionStage: current,
          MoveToVersionId: version,
          RemoveFromVersionId: from,
        }),
        isWrite: true,
        signal,
      });
      return true;
    } catch (error) {
      // The SDK of a client that was given may have sent it twice, and says what the second one met.
      const after = await this.#labels(signal).catch(() => undefined);
      const held = [current, previous].some((label) => versionWith(label, after ?? []) === version);
      if (held) return true;
      if (after && isRefusal(error, lost)) return false;
      throw error;
    }
  }

  /** Whatever comes of it, what was written is written. A label that stays is removed by the next writer. */
  async #tidy(labels: readonly Label[], signal: AbortSignal): Promise<void> {
    try {
      for (const each of labels) await this.#removeLabel(each, signal);
    } catch {
      // As above.
    }
  }

  async #removeLabel({ version, label }: Label, signal: AbortSignal): Promise<void> {
    await this.#aws.ask({
      action: 'UpdateSecretVersionStage',
      command: new this.#sdk.UpdateSecretVersionStageCommand({
        SecretId: this.#id,
        VersionStage: label,
        RemoveFromVersionId: version,
      }),
      isWrite: true,
      signal,
    });
  }

  /** The version with a label; undefined where AWS refuses with one of these names. */
  #labelled(label: string, absent: readonly string[], signal: AbortSignal) {
    return this.#aws.askUnless(absent, {
      action: 'GetSecretValue',
      command: new this.#sdk.GetSecretValueCommand({ SecretId: this.#id, VersionStage: label }),
      signal,
    });
  }

  /** Undefined where there is no secret. */
  async #labels(signal: AbortSignal): Promise<readonly Label[] | undefined> {
    const answer = await this.#aws.askUnless(['ResourceNotFoundException'], {
      action: 'DescribeSecret',
      command: new this.#sdk.DescribeSecretCommand({ SecretId: this.#id }),
      signal,
    });
    const stages = answer && (answer.output.VersionIdsToStages ?? {});
    return (
      stages &&
      Object.entries(stages).flatMap(([version, labels]) => labels.map((label) => ({ version, label })))
    );
  }

  #secretIn(answer: GetSecretValueResponse, label: string): Secret {
    const { VersionId: version = '', VersionStages: labels = [], SecretString, SecretBinary } = answer;
    const since = answer.CreatedDate && answer.CreatedDate.getTime() / 1000;
    if (!this.#isAsked(answer) || version === '' || !labels.includes(label)) {
      throw new KeyStoreError(
        'KEY_STORE_NOT_READ',
        `${this.#where}: what answers gives another secret, or another version of it, than was asked for. See what stands ` +
          'between, such as a cache.',
      );
    }
    return { version, content: SecretString ?? Buffer.from(SecretBinary ?? []), since };
  }

  /** A partial ARN lacks the six characters that AWS adds. */
  #isAsked({ ARN = '', Name }: GetSecretValueResponse): boolean {
    const id = this.#id;
    if (!id.startsWith('arn:')) return Name === id;
    return ARN === id || (ARN.startsWith(`${id}-`) && ARN.length === id.length + 7);
  }
}

function versionWith(label: string, labels: readonly Label[]): string | undefined {
  return labels.find((each) => each.label === label)?.version;
}

function isOfWrite(label: string): boolean {
  return label.startsWith(labelOfWrite);
}
