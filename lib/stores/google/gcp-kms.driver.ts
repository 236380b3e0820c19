import { createHash } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';

import type { Algorithm } from '../../core/algorithms.js';
import { joinedSignature, sizeOfHalf } from '../joined-signature.js';
import { KeyStoreError } from '../key-store.js';
import type { HeldKey, KeyWish, KmsDriver, KmsPlace } from '../kms-driver.js';
import { callOptions } from './call-options.js';
import { crc32c } from './crc32c.js';
import { googleFailureIn, membersOf } from './google-failure.js';
import type { GoogleFailure } from './google-failure.js';
import { googleRefusal } from './google-refusal.js';
import type { Permission } from './google-refusal.js';
import { fulfils, googleAlgorithm, googleAlgorithmFor, offerFor } from './kms-algorithms.js';
import type { GoogleAlgorithm } from './kms-algorithms.js';
import { kmsClient } from './kms-client.js';
import type { AnsweredKey, AnsweredSignature, Input, KmsClient, OpenedKms } from './kms-client.js';
import { isWhole, keyVersionIn, numberIn, publicKeyIn } from './kms-version.js';
import type { KeyVersion } from './kms-version.js';
import { unlessAborted } from '../unless-aborted.js';

/** In milliseconds; who waits gives up no later. */
const patience = 5_000;
const patienceOfWrites = 10_000;
/** Between two looks at a version that is being generated, in milliseconds. It takes a second, or minutes in an HSM. */
const firstPause = 100;
const longestPause = 2_000;
const atOnce = 8;
const largestPage = 1_000;

interface Question<Answer> {
  readonly permission: Permission;
  readonly signal: AbortSignal;
  readonly timeout?: number;
  readonly call: (options: object) => Promise<readonly [Answer, ...unknown[]]>;
  /** What a failure means that is an answer too. */
  readonly answerIn?: (failure: GoogleFailure) => Answer | undefined;
}

const isMissing = ({ status }: GoogleFailure): boolean => status === 'NOT_FOUND';
const isClosed = ({ status }: GoogleFailure): boolean => status === 'FAILED_PRECONDITION';

/** A key of Cloud KMS, or one version of it. */
class GcpKms implements KmsDriver {
  readonly #client: KmsClient;
  readonly #isOurs: boolean;
  readonly #where: string;
  /** The resource name of the key, without a version. */
  readonly #key: string;
  readonly #version: string | undefined;

  constructor({ client, isOurs }: OpenedKms, { place, where }: KmsPlace) {
    const [key = '', version] = place.split('/cryptoKeyVersions/');
    this.#client = client;
    this.#isOurs = isOurs;
    this.#where = where;
    this.#key = key;
    this.#version = version;
  }

  async publicKeys(signal: AbortSignal): Promise<readonly HeldKey[]> {
    if (this.#version === undefined) return this.#everyVersion(signal);
    // No look at the version before it: who only signs may have no right to that.
    const found = await this.#publicKey(this.#version, signal);
    if (found === 'missing') return [];
    if (found !== 'closed') return [found];
    const version = await this.#generated(this.#version, signal);
    const held = version.state === 'ENABLED' ? await this.#publicKey(this.#version, signal) : 'closed';
    if (typeof held === 'string') throw this.#unusable(this.#refusalOf(version));
    return [{ ...held, since: version.since }];
  }

  async sign(data: Buffer, algorithm: Algorithm, signal: AbortSignal): Promise<Buffer> {
    const name = this.#nameOf(this.#version!);
    const input = inputFor(data, algorithm.hash);
    const answer = await this.#ask({
      permission: 'cloudkms.cryptoKeyVersions.useToSign',
      signal,
      call: (options) => this.#client.asymmetricSign({ name, ...input }, options),
    });
    // What Google has compared is what it says it has; a checksum that did not come to it is not compared.
    const isVerified = 'digest' in input ? answer.verifiedDigestCrc32c : answer.verifiedDataCrc32c;
    if (isVerified !== true) throw this.#damaged('went out');
    const signature = this.#signatureIn(answer);
    const size = sizeOfHalf(algorithm);
    return size === undefined ? signature : (joinedSignature(signature, size) ?? this.#throwOtherAnswer());
  }

  async create(wish: KeyWish, signal: AbortSignal): Promise<HeldKey> {
    const algorithm = this.#algorithmFor(wish);
    const key = (await this.#readKey(signal)) ?? (await this.#makeKey(algorithm, signal));
    this.#checkKey(key, wish);
    const answer = await this.#ask({
      permission: 'cloudkms.cryptoKeyVersions.create',
      signal,
      timeout: patienceOfWrites,
      call: (options) =>
        this.#client.createCryptoKeyVersion({ parent: this.#key, cryptoKeyVersion: {} }, options),
    });
    const made = keyVersionIn(answer, this.#key) ?? this.#throwOtherAnswer();
    const version = made.state === 'ENABLED' ? made : await this.#generated(made.number, signal);
    const held = version.state === 'ENABLED' ? await this.#publicKey(made.number, signal) : 'closed';
    if (typeof held === 'string') throw this.#unusable(this.#refusalOf(version), made.number);
    return { ...held, since: version.since };
  }

  async disable(signal: AbortSignal): Promise<string> {
    const isDisabled = await this.#ask({
      permission: 'cloudkms.cryptoKeyVersions.update',
      signal,
      timeout: patienceOfWrites,
      call: async (options) => {
        const cryptoKeyVersion = { name: this.#nameOf(this.#version!), state: 'DISABLED' } as const;
        await this.#client.updateCryptoKeyVersion(
          { cryptoKeyVersion, updateMask: { paths: ['state'] } },
          options,
        );
        return [true];
      },
      answerIn: (failure) => (isClosed(failure) ? false : undefined),
    });
    return isDisabled
      ? `Google signs nothing with ${this.#where} any more. As a rule that takes a minute to be so everywhere, and it may ` +
          'take hours.'
      : `${this.#where} is in no state in which it signs, or could be disabled.`;
  }

  close(): void {
    // It ends no call, and so there is nothing that could be said of it.
    if (this.#isOurs) void this.#client.close().catch(() => undefined);
  }

  /** Those that sign, and those that would if they were enabled, as far as Google still gives their public keys. */
  async #everyVersion(signal: AbortSignal): Promise<readonly HeldKey[]> {
    const versions = await this.#list(signal);
    const signing = versions.filter(({ algorithm }) => algorithm);
    if (versions.length > 0 && signing.length === 0) {
      throw this.#unusable('signs nothing that a JWS has. Make a key of the purpose asymmetric-signing.');
    }
    const rest = signing.filter(({ state }) => state === 'ENABLED' || state === 'DISABLED');
    const keys: HeldKey[] = [];
    while (rest.length > 0) {
      const some = rest.splice(0, atOnce);
      const found = await Promise.all(some.map(({ number }) => this.#publicKey(number, signal)));
      for (const [index, held] of found.entries()) {
        const version = some[index]!;
        if (typeof held === 'string') continue;
        const refusal = version.state === 'ENABLED' ? undefined : this.#refusalOf(version);
        keys.push({ ...held, since: version.since, refusal });
      }
    }
    return keys;
  }

  /** All of them, in order of their numbers; empty where there is no such key. */
  async #list(signal: AbortSignal): Promise<readonly KeyVersion[]> {
    const versions: KeyVersion[] = [];
    for (let pageToken: string | undefined = ''; pageToken !== undefined;) {
      const request = { parent: this.#key, pageSize: largestPage, ...(pageToken && { pageToken }) };
      let next: unknown;
      const page = await this.#ask({
        permission: 'cloudkms.cryptoKeyVersions.list',
        signal,
        call: async (options) => {
          const [answered, following] = await this.#client.listCryptoKeyVersions(request, options);
          next = following;
          return [answered];
        },
        answerIn: (failure) => (isMissing(failure) ? [] : undefined),
      });
      versions.push(...page.map((each) => keyVersionIn(each, this.#key) ?? this.#throwOtherAnswer()));
      pageToken = (membersOf(next).pageToken as string | undefined) || undefined;
    }
    return versions.toSorted((a, b) => Number(a.number) - Number(b.number));
  }

  /** `closed` is one that is not enabled. */
  async #publicKey(number: string, signal: AbortSignal): Promise<HeldKey | 'missing' | 'closed'> {
    const answer = await this.#ask<Awaited<ReturnType<KmsClient['getPublicKey']>>[0] | 'missing' | 'closed'>({
      permission: 'cloudkms.cryptoKeyVersions.viewPublicKey',
      signal,
      call: (options) => this.#client.getPublicKey({ name: this.#nameOf(number) }, options),
      answerIn: (failure) => {
        if (isMissing(failure)) return 'missing';
        return isClosed(failure) ? 'closed' : undefined;
      },
    });
    if (typeof answer === 'string') return answer;
    if (numberIn(answer.name, this.#key) !== number || typeof answer.pem !== 'string') {
      return this.#throwOtherAnswer();
    }
    if (!isWhole(Buffer.from(answer.pem), answer.pemCrc32c)) throw this.#damaged('came');
    const algorithm = googleAlgorithm(answer.algorithm);
    const publicKey = publicKeyIn(answer.pem);
    if (!algorithm || !publicKey) {
      throw this.#unusable(
        'signs nothing that a JWS has. Make a key of another algorithm, and move to it.',
        number,
      );
    }
    return { reference: this.#referenceOf(number), publicKey, alg: algorithm.alg };
  }

  /** The version, once it is not being generated any more. */
  async #generated(number: string, signal: AbortSignal): Promise<KeyVersion> {
    for (let pause = firstPause; ; pause = Math.min(pause * 2, longestPause)) {
      const answer = await this.#ask({
        permission: 'cloudkms.cryptoKeyVersions.get',
        signal,
        call: (options) => this.#client.getCryptoKeyVersion({ name: this.#nameOf(number) }, options),
      });
      const version = keyVersionIn(answer, this.#key);
      if (version?.number !== number) return this.#throwOtherAnswer();
      if (version.state !== 'PENDING_GENERATION') return version;
      await unlessAborted(wait(pause, undefined, { signal }), signal);
    }
  }

  #readKey(signal: AbortSignal): Promise<AnsweredKey | undefined> {
    return this.#ask<AnsweredKey | undefined | null>({
      permission: 'cloudkms.cryptoKeys.get',
      signal,
      call: (options) => this.#client.getCryptoKey({ name: this.#key }, options),
      answerIn: (failure) => (isMissing(failure) ? null : undefined),
    }).then((key) => key ?? undefined);
  }

  async #makeKey({ name: algorithm }: GoogleAlgorithm, signal: AbortSignal): Promise<AnsweredKey> {
    const [, ring = '', name = ''] = /^(.+)\/cryptoKeys\/(.+)$/.exec(this.#key) ?? [];
    const made = await this.#ask<AnsweredKey | 'somebody else has' | 'no ring'>({
      permission: 'cloudkms.cryptoKeys.create',
      signal,
      timeout: patienceOfWrites,
      call: (options) =>
        this.#client.createCryptoKey(
          {
            parent: ring,
            cryptoKeyId: name,
            cryptoKey: { purpose: 'ASYMMETRIC_SIGN', versionTemplate: { algorithm } },
            // It is made like every later one: the answer then names it.
            skipInitialVersionCreation: true,
          },
          options,
        ),
      answerIn: (failure) => {
        if (failure.status === 'ALREADY_EXISTS') return 'somebody else has';
        return isMissing(failure) ? 'no ring' : undefined;
      },
    });
    if (made === 'no ring') throw this.#noRing(ring);
    if (made !== 'somebody else has') return made;
    return (await this.#readKey(signal)) ?? this.#throwOtherAnswer();
  }

  #algorithmFor(wish: KeyWish): GoogleAlgorithm {
    const algorithm = googleAlgorithmFor(wish);
    if (this.#version === undefined && algorithm) return algorithm;
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      this.#version === undefined
        ? offerFor(wish)
        : `${this.#where} names one version. Name the key alone, and a new version of it is made.`,
    );
  }

  /** Google makes versions as the template of the key says, whatever is asked for. */
  #checkKey({ versionTemplate }: AnsweredKey, wish: KeyWish): void {
    const algorithm = googleAlgorithm(versionTemplate?.algorithm);
    if (algorithm && fulfils(wish, algorithm)) return;
    const wished = wish.algorithm.keyType === 'rsa' ? `${wish.alg} with ${wish.bits} bits` : wish.alg;
    throw new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${this.#where} makes versions of ${algorithm?.name ?? 'an algorithm that no JWS has'}, and none for ${wished}. ` +
        'Name another key, which is made if it is not there.',
    );
  }

  #signatureIn(answer: AnsweredSignature): Buffer {
    const { name, signature, signatureCrc32c } = answer;
    if (numberIn(name, this.#key) !== this.#version || !(signature instanceof Uint8Array)) {
      return this.#throwOtherAnswer();
    }
    if (!isWhole(signature, signatureCrc32c)) throw this.#damaged('came');
    return Buffer.from(signature);
  }

  async #ask<Answer>({ permission, signal, timeout, call, answerIn }: Question<Answer>): Promise<Answer> {
    try {
      const [answer] = await unlessAborted(call(callOptions(timeout ?? patience)), signal);
      return answer;
    } catch (error) {
      signal.throwIfAborted();
      const failure = googleFailureIn(error);
      const answer = answerIn?.(failure);
      if (answer !== undefined) return answer;
      throw this.#refusal(error, failure, permission);
    }
  }

  #refusal(error: unknown, failure: GoogleFailure, permission: Permission): KeyStoreError {
    if (isMissing(failure)) return this.#unusable('is not there. Check the reference.');
    if (isClosed(failure)) {
      return this.#unusable(
        `is not used (FAILED_PRECONDITION): it is not enabled, or what Google needs for it is not. ${look}`,
      );
    }
    const isOfChecksum = failure.status === 'INVALID_ARGUMENT' && /checksum|crc32c/i.test(messageOf(error));
    if (isOfChecksum) return this.#damaged('went out');
    return googleRefusal(error, failure, { where: this.#where, permission });
  }

  #refusalOf({ state, number }: KeyVersion): string {
    if (state === 'DISABLED') {
      return `is disabled. Enable it, if it is not to stay so: gcloud kms keys versions enable ${number}`;
    }
    return `is in no state in which it signs: it was destroyed, or never generated. ${look}`;
  }

  /** @param refusal the end of a sentence */
  #unusable(refusal: string, number = this.#version): KeyStoreError {
    const where = number === undefined ? this.#where : this.#referenceOf(number);
    return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${where} ${refusal}`);
  }

  #damaged(direction: 'came' | 'went out'): KeyStoreError {
    return new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `What ${direction === 'came' ? 'came from' : 'went out to'} ${this.#where} was damaged: its checksum is another, or ` +
        'missing. Ask again, and look at what is between here and Google.',
      { isTransient: true },
    );
  }

  #noRing(ring: string): KeyStoreError {
    const [, project, location, name] = /^projects\/([^/]+)\/locations\/([^/]+)\/keyRings\/(.+)$/.exec(ring)!;
    return new KeyStoreError(
      'KEY_STORE_MISCONFIGURED',
      `${this.#where} is in a key ring that is not there. Make it once: ` +
        `gcloud kms keyrings create ${name} --location=${location} --project=${project}`,
    );
  }

  #throwOtherAnswer(): never {
    throw new KeyStoreError(
      'KEY_STORE_UNREACHABLE',
      `${this.#where} was asked for, and something else was answered. Check the client's address, and what is between.`,
    );
  }

  #nameOf(number: string): string {
    return `${this.#key}/cryptoKeyVersions/${number}`;
  }

  #referenceOf(number: string): string {
    return `gcp-kms:${this.#nameOf(number)}`;
  }
}

const look = 'gcloud kms keys versions describe says more.';

/** Ed25519 takes all of the data, the others what their hash makes of it. */
function inputFor(data: Buffer, hash: string | null): Input {
  if (hash === null) return { data, dataCrc32c: { value: crc32c(data) } };
  const digest = createHash(hash).update(data).digest();
  return {
    digest: { [hash]: digest } as Extract<Input, { digest: object }>['digest'],
    digestCrc32c: { value: crc32c(digest) },
  };
}

function messageOf(error: unknown): string {
  return String(membersOf(error).message);
}

/** @throws KeyStoreError */
export async function openGcpKms(place: KmsPlace): Promise<KmsDriver> {
  return new GcpKms(await kmsClient(place), place);
}
