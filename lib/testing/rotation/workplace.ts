import { createPrivateKey } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

import type { JsonWebKey } from '../../core/json-web-key.js';
import { VerificationKey } from '../../core/key/verification-key.js';
import { runLater } from '../../core/key/steps.js';
import { readStored } from '../../core/key-set/plain-keys.js';
import { OidcKeyError } from '../../core/errors.js';
import { memberOf } from '../../core/ring/members-of-slots.js';
import type { KeyInput } from '../../core/reading/key-material.js';
import type { KeySlots } from '../../core/reading/key-slots.js';
import { askSource } from '../../rotation/ask-source.js';
import type { KeySource } from '../../sources/key-source.js';
import type { MakeKeyFor } from '../../stores/make-key.js';
import type { Workplace } from '../../stores/run-command.js';
import { StoreSource } from '../../stores/store.source.js';
import { MemoryKeyStore } from '../memory-key.store.js';
import { testKey } from '../test-key.js';
import type { Replica } from './replica.js';

const usualInterval = 60;

interface NamedKeys {
  readonly where: string;
  readonly value: KeyInput | readonly KeyInput[];
}

/**
 * What the commands run on: the application's store. Where its keys come from elsewhere, they go on in a store in memory,
 * for this test, as after an `init --from`.
 */
export async function workplaceOf(replicas: readonly Replica[], now: () => number): Promise<Workplace> {
  const [{ rotation }] = replicas as [Replica];
  if (!rotation.options.workplace) await moveToMemory(replicas);
  const workplace = await rotation.options.workplace!();
  return { ...workplace, make: makingTestKeys(), clock: () => Math.floor(now() / 1000) };
}

async function moveToMemory(replicas: readonly Replica[]): Promise<void> {
  const [{ rotation: first }] = replicas as [Replica];
  const slots = await askSource(first.options.source);
  if (memberOf(slots, 'next').value !== undefined) {
    throw new OidcKeyError(
      'OIDC_KEY_CONFLICT',
      'The application has next keys in its configuration, so that its rotation is under way. Let time pass in the test, ' +
        'or leave OIDC_NEXT_KEYS (the option "nextKeys") out of it.',
    );
  }
  const { where: name, value } = memberOf(slots, 'current') as NamedKeys;
  const { value: passphrase } = memberOf(slots, 'passphrase') as { readonly value: string | undefined };
  const set = await runLater(readStored({ name, value, passphrase }));
  const store = new MemoryKeyStore(set.toText());
  for (const { rotation } of replicas) {
    const source = new StoreSource({
      store,
      where: 'The store of the test',
      settings: withoutKeys(rotation.options.source),
      reloadInterval: usualInterval,
      figures: rotation.options.timing.figures,
    });
    rotation.replace({ source, workplace: () => source.workplace() });
  }
}

/** What stands beside the keys: previous ones, and revocations. */
function withoutKeys(source: KeySource): KeySource {
  return {
    load: async (signal): Promise<KeySlots> => {
      const { previous, revokedKids } = await source.load(signal);
      return { previous, revokedKids };
    },
  };
}

/** Keys that the process has already, if it has any left. */
function makingTestKeys(): MakeKeyFor {
  return async (alg, set) => {
    const known = new Set(set?.keys.map(({ thumbprint }) => thumbprint));
    for (let number = 1; ; number += 1) {
      const privateKey = privateKeyIn(testKey(alg, number));
      const { thumbprint } = new VerificationKey({ keyObject: privateKey, algorithm: alg, where: 'A key' });
      if (!known.has(thumbprint)) return { privateKey };
    }
  };
}

function privateKeyIn(text: string): KeyObject {
  return text.startsWith('{')
    ? createPrivateKey({ key: JSON.parse(text) as JsonWebKey, format: 'jwk' })
    : createPrivateKey(text);
}
