import { setImmediate } from 'node:timers/promises';

import type { SigningAlgorithm } from '../core/algorithms.js';
import { keyMaterialOf } from '../core/reading/key-material.js';
import type { KeySetting } from '../core/reading/key-material.js';
import { SigningKey } from '../core/key/signing-key.js';
import { checkSlots } from '../core/ring/slots.js';
import { VerificationKey } from '../core/key/verification-key.js';
import { Fingerprints } from './fingerprints.js';
import { checkSchedule } from './plan.js';
import type { Plan } from './plan.js';
import type { Reading } from './reading.js';

/** Makes plans of readings. A setting whose value is the same as last time is not parsed again. */
export class PlanLoader {
  #loaded = new Map<string, readonly VerificationKey[]>();
  readonly #fingerprints = new Fingerprints();
  readonly #algorithm: SigningAlgorithm | undefined;

  constructor(algorithm?: SigningAlgorithm) {
    this.#algorithm = algorithm;
  }

  /** Rejects with whatever is wrong with a setting, and then remembers what it remembered before. */
  async load(reading: Reading): Promise<Plan> {
    const settings = reading.keys();
    const loaded = new Map<string, readonly VerificationKey[]>();
    const keysOf = async <Key extends VerificationKey>(
      setting: KeySetting | undefined,
      role: string,
      load: (setting: KeySetting) => Promise<Key[]>,
    ): Promise<Key[]> => {
      if (!setting) return [];
      const fingerprint = this.#fingerprints.of([role, setting.name, setting.passphrase, setting.value]);
      const keys = (this.#loaded.get(fingerprint) as Key[] | undefined) ?? (await load(setting));
      loaded.set(fingerprint, keys);
      return keys;
    };
    const plan: Plan = {
      current: await keysOf(settings.current, 'signs', signingKeys),
      next: await keysOf(settings.next, 'signs', signingKeys),
      previous: await keysOf(settings.previous, 'verifies', verificationKeys),
      nextActivatesAt: settings.nextActivatesAt,
    };
    checkSlots(plan, { ...settings, algorithm: settings.algorithm ?? this.#algorithm });
    checkSchedule(plan);
    this.#loaded = loaded;
    return plan;
  }
}

async function signingKeys(setting: KeySetting): Promise<SigningKey[]> {
  const keys: SigningKey[] = [];
  for (const material of keyMaterialOf(setting)) keys.push(await new SigningKey(material).prove());
  return keys;
}

async function verificationKeys(setting: KeySetting): Promise<VerificationKey[]> {
  const keys: VerificationKey[] = [];
  for (const material of keyMaterialOf(setting)) {
    keys.push(await new VerificationKey(material).prove());
    // Hundreds of keys must not hold up a request that waits.
    await setImmediate();
  }
  return keys;
}
