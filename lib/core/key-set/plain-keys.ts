import { signingKeyOf } from '../key/signing-key.js';
import { pause } from '../key/steps.js';
import type { Steps } from '../key/steps.js';
import { keyMaterialOf } from '../reading/key-material.js';
import type { KeySetting } from '../reading/key-material.js';
import { checkOrder } from './check-order.js';
import { isKeySet } from './key-set-document.js';
import type { KeySetJwk } from './key-set-document.js';
import { KeyOfSet } from './key-of-set.js';
import { KeySet } from './key-set.js';
import { jsonOf, readKeySet } from './read-key-set.js';

/**
 * What a command finds in a store: a key set, or private keys in any other form. A plain key is one that has always been
 * there.
 *
 * @throws OidcKeyError what is wrong with it
 */
export function* readStored(setting: KeySetting): Steps<KeySet> {
  const { value, name } = setting;
  if (isKeySet(jsonOf(value))) return yield* readKeySet(value, name);
  const keys: KeyOfSet[] = [];
  for (const material of keyMaterialOf(setting)) {
    const { key, signer } = yield* signingKeyOf(material);
    const { kid, thumbprint, algorithm, alg, where } = key;
    const jwk = material.keyObject.export({ format: 'jwk' }) as KeySetJwk;
    keys.push(
      new KeyOfSet({ ...jwk, kid, use: 'sig', alg }, { kid, thumbprint, algorithm, alg, where, key, signer }),
    );
    yield pause;
  }
  const set = new KeySet(keys);
  checkOrder(set);
  return set;
}
