import { OidcKeyError } from '../errors.js';
import type { SignerLog } from '../key/signer-log.js';
import { signingKeyOf, verificationKeyOf } from '../key/signing-key.js';
import { pause } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import type { KeySet } from '../key-set/key-set.js';
import { readKeySet } from '../key-set/read-key-set.js';
import { keyMaterialOf } from '../reading/key-material.js';
import type { KeyInput, KeySetting } from '../reading/key-material.js';
import type { NamedValue } from '../reading/named-value.js';
import { withSignersElsewhere } from './held-keys.js';
import type { GivenWithHeldKeys } from './held-keys.js';
import { keySetIn, refuseKeySetWithin } from './key-set-in.js';
import type { KeyInSlot, Slot } from './life.js';
import { had } from './members-of-slots.js';

type Loaded = Pick<KeyInSlot, 'key' | 'signer'>;

/** What was loaded from one value. */
export interface LoadedValue {
  readonly keys: readonly Loaded[];
  readonly warnings: readonly string[];
  /** Where the value is one: then the keys are those of it that are not revoked. */
  readonly keySet?: KeySet | undefined;
}

/** What keys are opened with. */
export interface GivenWithKeys extends GivenWithHeldKeys {
  readonly passphrase: NamedValue;
  /** Told of signers of the application. */
  readonly log?: SignerLog | undefined;
}

/** The keys of a value, which has to hold the same ones under its other name, where it has another. */
export function* keysOf(slot: Slot, value: NamedValue, given: GivenWithKeys): Steps<LoadedValue> {
  const { alias } = value.about;
  const found = yield* opened(slot, value, given);
  if (!alias) return found;
  const other = yield* opened(slot, alias, given);
  if (contentOf(found) === contentOf(other)) return found;
  throw new OidcKeyError(
    'OIDC_KEY_CONFLICT',
    `${value.where} and ${alias.where} hold different keys. Remove one of them; ${alias.where} is only an alias.`,
  );
}

function contentOf({ keys, keySet }: LoadedValue): string {
  if (keySet) return keySet.toText();
  return keys
    .map(({ key }) => key.thumbprint)
    .toSorted()
    .join();
}

function* opened(slot: Slot, named: NamedValue, given: GivenWithKeys): Steps<LoadedValue> {
  if (slot === 'current') {
    const document = keySetIn(had(named));
    if (document !== undefined) return yield* openedKeySet(document, named.where, given);
    refuseKeySetWithin(named);
  }
  const warnings: string[] = [];
  const setting: KeySetting = {
    name: named.where,
    value: had(named) as KeyInput | readonly KeyInput[],
    passphrase: had(given.passphrase),
    passphraseRemedy: given.passphrase.about.remedy,
    role: slot === 'previous' ? 'verifies' : 'signs',
    onSkipped: (message) => warnings.push(message),
  };
  const keys: Loaded[] = [];
  for (const material of keyMaterialOf(setting)) {
    keys.push(
      slot === 'previous'
        ? { key: yield* verificationKeyOf(material) }
        : yield* signingKeyOf(material, given.log),
    );
    // Hundreds of keys must not hold up a request that waits.
    yield pause;
  }
  return { keys, warnings };
}

function* openedKeySet(document: unknown, where: string, given: GivenWithKeys): Steps<LoadedValue> {
  const { keySet, warnings } = yield* withSignersElsewhere(yield* readKeySet(document, where), given);
  const keys = keySet.keys.flatMap(({ verificationKey, activeSigner }) =>
    verificationKey ? [{ key: verificationKey, signer: activeSigner }] : [],
  );
  return { keys, keySet, warnings };
}
