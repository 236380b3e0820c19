import { createHash, createPublicKey, randomBytes } from 'node:crypto';

import { fits } from '../../core/algorithms.js';
import type { Algorithm } from '../../core/algorithms.js';
import { KeyStoreError } from '../key-store.js';
import type { HeldKey, KeyWish, KmsDriver } from '../kms-driver.js';
import { signsDigest } from './mechanisms.js';
import type { ModuleOnToken } from './module-process.js';
import type { FoundKey } from './protocol.js';
import { processFor } from './shared-processes.js';
import { idAttribute } from './uri.js';
import type { Pkcs11Uri } from './uri.js';

const usualLabel = 'nestjs-oidc-key';
const idBytes = 16;

/** A key on a token. */
export class Pkcs11Key implements KmsDriver {
  readonly #share: ReturnType<typeof processFor>;
  readonly #where: string;
  readonly #key: Pkcs11Uri['key'];
  readonly #of: ModuleOnToken;
  /** As it was when it was last looked at. Handles change, names may move; this key is what signs. */
  #known: HeldKey | undefined;
  /** Its public key in DER (SPKI), which goes with each signature that is asked for. */
  #expected: Uint8Array | undefined;

  constructor(of: ModuleOnToken, key: Pkcs11Uri['key'], where: string) {
    this.#of = of;
    this.#share = processFor(of);
    this.#key = key;
    this.#where = where;
  }

  async publicKeys(signal: AbortSignal): Promise<readonly HeldKey[]> {
    const found = await this.#share.process.ask({ ask: 'find', where: this.#where, key: this.#key }, signal);
    this.#known = found && this.#heldKey(found);
    this.#expected = found?.publicKey;
    return this.#known ? [this.#known] : [];
  }

  async sign(data: Buffer, algorithm: Algorithm, signal: AbortSignal): Promise<Buffer> {
    const known = this.#usable ?? (await this.publicKeys(signal))[0];
    if (!known) throw this.#unusable('is not on the token. Check the label and the id of the key.');
    if (known.refusal !== undefined) throw this.#unusable(known.refusal);
    if (!fits(known.publicKey, algorithm)) {
      throw this.#unusable(`is another kind of key than ${algorithm.names[0]} takes.`);
    }
    const signature = await this.#share.process.ask(
      {
        ask: 'sign',
        where: this.#where,
        key: this.#key,
        alg: algorithm.names[0],
        data: signsDigest(algorithm) ? createHash(algorithm.hash!).update(data).digest() : data,
        expected: this.#expected!,
      },
      signal,
    );
    return Buffer.from(signature);
  }

  async create({ algorithm, bits }: KeyWish, signal: AbortSignal): Promise<HeldKey> {
    if (this.#key.id) {
      throw new KeyStoreError(
        'KEY_STORE_MISCONFIGURED',
        `${this.#where} names one key. Leave id away: a key that is made gets an id of its own.`,
      );
    }
    const found = await this.#share.process.ask(
      {
        ask: 'create',
        where: this.#where,
        alg: algorithm.names[0],
        bits,
        label: this.#key.object ?? Buffer.from(usualLabel),
        id: randomBytes(idBytes),
      },
      signal,
    );
    return this.#heldKey(found);
  }

  async disable(signal: AbortSignal): Promise<string> {
    const { object, id } = this.#key;
    const left = await this.#share.process.ask(
      { ask: 'disable', where: this.#where, key: this.#key },
      signal,
    );
    const isDone = `The token signs nothing with ${this.#where} any more (CKA_SIGN is false)`;
    if (left.length === 0) return `${isDone}.`;
    const { module, token } = this.#of;
    const name = id ? `--id ${id.toString('hex')}` : `--label ${JSON.stringify(object?.toString() ?? '')}`;
    const why = left.includes('CKA_SIGN')
      ? `The token does not let a key be disabled, so ${this.#where} still signs for whoever has the PIN.`
      : `${isDone}, but it does not let ${left.join(' and ')} be set to false, which of RSA makes signatures too for whoever has the PIN.`;
    return (
      `${why} Delete it: ` +
      `\`pkcs11-tool --module ${module} --token-label ${JSON.stringify(token.token)} --login --delete-object --type privkey ${name}\`.`
    );
  }

  close(): void {
    this.#share.release();
  }

  /** With the id, which stays when a label is given to another key. What configuration names stays in front. */
  #heldKey({ id, publicKey, refusal, warning }: FoundKey): HeldKey {
    return {
      reference: this.#key.id || id.length === 0 ? this.#where : `${this.#where};${idAttribute(id)}`,
      publicKey: createPublicKey({ key: Buffer.from(publicKey), type: 'spki', format: 'der' }),
      refusal,
      warning,
    };
  }

  /** A key that did not sign when it was looked at may do so now. */
  get #usable(): HeldKey | undefined {
    return this.#known?.refusal === undefined ? this.#known : undefined;
  }

  #unusable(words: string): KeyStoreError {
    return new KeyStoreError('KEY_STORE_KEY_UNUSABLE', `${this.#where} ${words}`);
  }
}
