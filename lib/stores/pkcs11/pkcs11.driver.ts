import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';

import { KeyStoreError } from '../key-store.js';
import type { KmsDriver, KmsPlace } from '../kms-driver.js';
import { Pkcs11Key } from './pkcs11-key.js';
import { pkcs11UriIn } from './uri.js';

/**
 * A key on a token of PKCS#11. Nothing is asked yet.
 *
 * @throws KeyStoreError `KEY_STORE_MISCONFIGURED`
 */
export async function openPkcs11({ place, parameters, where, client }: KmsPlace): Promise<KmsDriver> {
  const refuse = (why: string) =>
    new KeyStoreError('KEY_STORE_MISCONFIGURED', `${where} cannot be asked: ${why}`);
  if (client !== undefined)
    throw refuse('it takes no client. Leave it away; module-path says how it is asked.');
  if (parameters['pin-value'] !== undefined) throw refuse(noPinValue);
  const { token, key } = pkcs11UriIn(place, where);
  const module = parameters['module-path'];
  if (module === undefined || !isAbsolute(module)) {
    throw refuse(
      `module-path ${module === undefined ? 'is missing' : 'is no absolute path'}. Add ?module-path=PATH with the library that ` +
        'came with the token, such as /usr/lib/softhsm/libsofthsm2.so.',
    );
  }
  const source = parameters['pin-source'];
  const pinSource = source === undefined ? undefined : pathIn(source);
  if (source !== undefined && pinSource === undefined) {
    throw refuse(
      source.startsWith('|')
        ? 'pin-source is a command, and none is run. Let it write the PIN into a file, and name that.'
        : 'pin-source is neither an absolute path nor a file: URI. Name the file with the PIN.',
    );
  }
  return new Pkcs11Key({ module, token, pinSource }, key, where);
}

/** Why the PIN itself has no place in a reference. */
const noPinValue =
  'pin-value would show the PIN to whoever reads the configuration. Put it into a file: pin-source=FILE.';

function pathIn(source: string): string | undefined {
  if (isAbsolute(source)) return source;
  try {
    // Another scheme, another host, and text that is no URI.
    return fileURLToPath(source);
  } catch {
    return undefined;
  }
}
