import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import type { CreateKeyRequest, KeyMetadata } from '@aws-sdk/client-kms';

import type { Algorithm } from '../../core/algorithms.js';
import { joinedSignature, sizeOfHalf } from '../joined-signature.js';
import { KeyStoreError } from '../key-store.js';
import type { HeldKey, KeyWish, KmsDriver, KmsPlace } from '../kms-driver.js';
import { wrappedKey } from '../wrapped-key.js';
import { isRefusal } from './aws-connection.js';
import type { AwsConnection } from './aws-connection.js';
import { isSameKey, keySpecOf, publicKeyIn, refusalIn, schemeOf, warningIn } from './aws-kms-key.js';

type Sdk = typeof import('@aws-sdk/client-kms');

/** What AWS takes where it hashes itself. Of a digest there is no more than 64 bytes. */
const mostRawBytes = 4_096;

/** What AWS says where a key is there, and its public half cannot be had. */
const withoutPublicKey = [
  'DisabledException',
  'KMSInvalidStateException',
  'UnsupportedOperationException',
  'InvalidKeyUsageException',
];

/** A key of AWS KMS by its identifier, its ARN or an alias; or the place where keys are made, which names none. */
export class AwsKms implements KmsDriver {
  readonly #sdk: Sdk;
  readonly #aws: AwsConnection;
  readonly #where: string;
  /** What stands behind the colon. */
  readonly #place: string;
  /** The ARN of the key that an alias named when it was asked first. */
  #pinned: string | undefined;

  constructor(sdk: Sdk, aws: AwsConnection, { place, where }: Pick<KmsPlace, 'place' | 'where'>) {
    this.#sdk = sdk;
    this.#aws = aws;
    this.#where = where;
    this.#place = place;
  }

  async publicKeys(signal: AbortSignal): Promise<readonly HeldKey[]> {
    if (this.#isTarget) return [];
    const key = await this.#describe(signal);
    if (!key) return [];
    // An alias is none of exactly this key: it may name another one tomorrow.
    return [await this.#held(key, this.#isAlias ? `aws-kms:${this.#pin(key)}` : this.#where, signal)];
  }

  async sign(data: Buffer, algorithm: Algorithm, signal: AbortSignal): Promise<Buffer> {
    const { hash, names } = algorithm;
    if (hash === null && data.length > mostRawBytes) {
      throw this.#unusable(
        `signs at most ${mostRawBytes} bytes with ${names[0]}, and this token has ${data.length}. Choose ES256, of which ` +
          'AWS gets a digest, or put less into the token.',
      );
    }
    const key = await this.#exactly(signal);
    const scheme = schemeOf(algorithm);
    const { output } = await this.#aws.ask({
      action: 'Sign',
      command: new this.#sdk.SignCommand({
        ...scheme,
        KeyId: this.#place,
        Message: hash === null ? data : createHash(hash).update(data).digest(),
      }),
      signal,
    });
    const { KeyId: signer, SigningAlgorithm: signedWith, Signature: bytes } = output;
    if (this.#isAlias && isArn(signer) && signer !== key) throw this.#moved(key, signer);
    const size = sizeOfHalf(algorithm);
    const signature = bytes && (size === undefined ? Buffer.from(bytes) : joinedSignature(bytes, size));
    if (!signature || !isSameKey(key, signer) || signedWith !== scheme.SigningAlgorithm)
      throw this.#strange();
    return signature;
  }

  create(wish: KeyWish, signal: AbortSignal): Promise<HeldKey> {
    return this.#make(wish, {}, async () => undefined, signal);
  }

  take(privateKey: KeyObject, wish: KeyWish, signal: AbortSignal): Promise<HeldKey> {
    const fill = async (KeyId: string) => {
      const asked = await this.#onceKnown(signal, () =>
        this.#aws.ask({
          action: 'GetParametersForImport',
          command: new this.#sdk.GetParametersForImportCommand({
            KeyId,
            WrappingAlgorithm: 'RSA_AES_KEY_WRAP_SHA_256',
            WrappingKeySpec: 'RSA_4096',
          }),
          signal,
        }),
      );
      const { PublicKey: der, ImportToken, KeyId: answered } = asked.output;
      const wrappingKey = publicKeyIn(der);
      if (wrappingKey?.asymmetricKeyType !== 'rsa' || !isSameKey(KeyId, answered)) throw this.#strange();
      await this.#aws.ask({
        action: 'ImportKeyMaterial',
        command: new this.#sdk.ImportKeyMaterialCommand({
          KeyId,
          ImportToken,
          EncryptedKeyMaterial: wrappedKey(privateKey, wrappingKey),
          ExpirationModel: 'KEY_MATERIAL_DOES_NOT_EXPIRE',
        }),
        isWrite: true,
        signal,
      });
    };
    return this.#make(wish, { Origin: 'EXTERNAL' }, fill, signal);
  }

  async disable(signal: AbortSignal): Promise<string> {
    const key = await this.#exactly(signal);
    const answer = await this.#aws.askUnless(['KMSInvalidStateException'], {
      action: 'DisableKey',
      command: new this.#sdk.DisableKeyCommand({ KeyId: key }),
      isWrite: true,
      signal,
    });
    if (!answer) {
      const described = await this.#describe(signal);
      const refusal = described && refusalIn(described);
      if (refusal !== undefined) return `AWS signs nothing with ${this.#where} as it is: it ${refusal}`;
      throw this.#unusable('cannot be disabled in the state that it is in. Try again.');
    }
    return (
      `AWS signs nothing with ${this.#where} any more: it is disabled, and can be enabled again. To be rid of it: ` +
      `\`aws kms schedule-key-deletion --key-id ${key} --pending-window-in-days 30\`.`
    );
  }

  close(): void {
    this.#aws.close();
  }

  get #isTarget(): boolean {
    return this.#place === '' || this.#place.endsWith(':key/');
  }

  get #isAlias(): boolean {
    return /^(?:arn:.*:)?alias\//.test(this.#place);
  }

  /** The identifier or the ARN of the one key that is meant. */
  async #exactly(signal: AbortSignal): Promise<string> {
    if (this.#isTarget) {
      throw new KeyStoreError(
        'KEY_STORE_MISCONFIGURED',
        `${this.#where} names no key. It has to be aws-kms: and the identifier or the ARN of one.`,
      );
    }
    if (!this.#isAlias) return this.#place;
    if (this.#pinned !== undefined) return this.#pinned;
    const key = await this.#describe(signal);
    if (key) return this.#pin(key);
    throw this.#unusable(
      'is not there. Check the name, the region, and whose account the credentials are of.',
    );
  }

  #pin({ Arn: arn = '' }: KeyMetadata): string {
    this.#pinned ??= arn;
    if (this.#pinned !== arn) throw this.#moved(this.#pinned, arn);
    return arn;
  }

  /** Undefined where there is none. */
  async #describe(signal: AbortSignal): Promise<KeyMetadata | undefined> {
    const answer = await this.#aws.askUnless(['NotFoundException'], {
      action: 'DescribeKey',
      command: new this.#sdk.DescribeKeyCommand({ KeyId: this.#place }),
      signal,
    });
    const key = answer?.output.KeyMetadata;
    if (answer && !(this.#isAlias ? isArn(key?.Arn) : isSameKey(this.#place, key?.Arn)))
      throw this.#strange();
    return key;
  }

  async #held(key: KeyMetadata, reference: string, signal: AbortSignal): Promise<HeldKey> {
    const { Arn: arn = '', CreationDate: made } = key;
    const answer = await this.#aws.askUnless(withoutPublicKey, {
      action: 'GetPublicKey',
      command: new this.#sdk.GetPublicKeyCommand({ KeyId: arn }),
      signal,
    });
    const refusal = refusalIn(key);
    if (answer && !isSameKey(arn, answer.output.KeyId)) throw this.#strange();
    const publicKey = publicKeyIn(answer?.output.PublicKey);
    if (!publicKey) throw this.#unusable(refusal ?? 'has no public key that can be read.');
    const since = made && made.getTime() / 1000;
    return { reference, publicKey, since, refusal, warning: warningIn(key) };
  }

  /** @param fill gives a key its material */
  async #make(
    { algorithm, alg, bits }: KeyWish,
    more: Pick<CreateKeyRequest, 'Origin'>,
    fill: (arn: string) => Promise<void>,
    signal: AbortSignal,
  ): Promise<HeldKey> {
    const spec = keySpecOf(algorithm, bits);
    if (!this.#isTarget || spec === undefined) {
      throw new KeyStoreError(
        'KEY_STORE_MISCONFIGURED',
        this.#isTarget
          ? `AWS KMS makes no key of ${bits} bits for ${alg}. It has 2048, 3072 and 4096.`
          : `${this.#where} names one key, and AWS gives a new one a name of its own. Say aws-kms: alone.`,
      );
    }
    const { output } = await this.#aws.ask({
      action: 'CreateKey',
      command: new this.#sdk.CreateKeyCommand({
        ...more,
        KeySpec: spec,
        KeyUsage: 'SIGN_VERIFY',
        Description: `Signs tokens with ${alg} (nestjs-oidc-key)`,
      }),
      isWrite: true,
      signal,
    });
    const { Arn: arn } = output.KeyMetadata ?? {};
    if (!isArn(arn)) throw this.#strange();
    try {
      if (!arn.startsWith(this.#place)) {
        throw this.#unusable(
          'is in another account than the credentials are of. Take those of that account.',
        );
      }
      await fill(arn);
      // What has its material is enabled (the answer was from before that).
      const key = { ...output.KeyMetadata!, KeyState: 'Enabled' } as const;
      return await this.#onceKnown(signal, () => this.#held(key, `aws-kms:${arn}`, signal));
    } catch (error) {
      if (!(error instanceof KeyStoreError)) throw error;
      // Not again: that would make another one.
      const left = `A key was made, and is not in use: aws-kms:${arn}. Schedule its deletion.`;
      throw new KeyStoreError(error.code, `${error.message} ${left}`);
    }
  }

  /** Not every host of AWS knows at once of a key that was made. */
  async #onceKnown<Answer>(signal: AbortSignal, ask: () => Promise<Answer>): Promise<Answer> {
    for (let pause = 100; ; pause *= 2) {
      try {
        return await ask();
      } catch (error) {
        if (!isRefusal(error, ['NotFoundException']) || pause > 2_000) throw error;
      }
      await wait(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  #moved(before: string, now: string): KeyStoreError {
    return this.#unusable(
      `named ${before} when it was asked first, and names ${now} now, whose public key nobody has. Name a key by its ARN, ` +
        'and come to another one by a rotation.',
    );
  }

  #strange(): KeyStoreError {
    return new KeyStoreError(
      'KEY_STORE_NOT_READ',
      `${this.#where}: what answers gives another key or signature than was asked for. See what stands between.`,
    );
  }

  #unusable(what: string): KeyStoreError {
    return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${this.#where} ${what}`);
  }
}

function isArn(arn: string | undefined): arn is string {
  return arn !== undefined && /^arn:[^:]+:kms:[^:]+:\d+:key\/[\w-]+$/.test(arn);
}
