import { OidcKeyError } from '../errors.js';
import { signingKeyOf, verificationKeyOf } from '../key/signing-key.js';
import { pause } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import { keyMaterialOf } from '../reading/key-material.js';
import type { KeyInput, KeySetting } from '../reading/key-material.js';
import type { NamedValue } from '../reading/named-value.js';
import type { KeyInSlot, Slot } from './life.js';
import { had } from './members-of-slots.js';

type Loaded = Pick<KeyInSlot, 'key' | 'signer'>;

/** What was loaded from one value. */
export interface LoadedValue {
  readonly keys: readonly Loaded[];
  readonly warnings: readonly string[];
}

/** The keys of a value, which has to hold the same ones under its other name, where it has another. */
export function* keysOf(slot: Slot, value: NamedValue, passphrase: NamedValue): Steps<LoadedValue> {
  const { alias } = value.about;
  const found = yield* opened(slot, value, passphrase);
  if (!alias) return found;
  const other = yield* opened(slot, alias, passphrase);
  const thumbprints = ({ keys }: LoadedValue) =>
    keys
      .map(({ key }) => key.thumbprint)
      .toSorted()
      .join();
  if (thumbprints(found) === thumbprints(other)) return found;
  throw new OidcKeyError(
    'OIDC_KEY_CONFLICT',
    `${value.where} and ${alias.where} hold different keys. Remove one of them; ${alias.where} is only an alias.`,
  );
}

function* opened(slot: Slot, named: NamedValue, passphrase: NamedValue): Steps<LoadedValue> {
  const warnings: string[] = [];
  const setting: KeySetting = {
    name: named.where,
    value: had(named) as KeyInput | readonly KeyInput[],
    passphrase: had(passphrase),
    passphraseRemedy: passphrase.about.remedy,
    role: slot === 'previous' ? 'verifies' : 'signs',
    onSkipped: (message) => warnings.push(message),
  };
  const keys: Loaded[] = [];
  for (const material of keyMaterialOf(setting)) {
    keys.push(
      slot === 'previous' ? { key: yield* verificationKeyOf(material) } : yield* signingKeyOf(material),
    );
    // Hundreds of keys must not hold up a request that waits.
    yield pause;
  }
  return { keys, warnings };
}
