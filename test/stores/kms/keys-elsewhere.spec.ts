import { describe, expect, it } from '@jest/globals';

import { AllowedSigners } from '../../../lib/stores/allowed-signers.js';
import { revokeIn } from '../../../lib/stores/commands.js';
import { KeysElsewhere } from '../../../lib/stores/keys-elsewhere.js';
import type { KeyStore } from '../../../lib/stores/key-store.js';
import { makingHere } from '../../../lib/stores/make-key.js';
import { rejectionOf } from '../../support/errors.js';
import { figures, jwkOf } from '../../support/key-sets.js';

const elsewhere = (allowed: string, to?: string) =>
  new KeysElsewhere({ to, allowed: new AllowedSigners(allowed, 'OIDC_SIGNERS') });

describe('what is wrong behind the name of a key', () => {
  const withPin = 'pkcs11:token=t1?pin-value=1234';

  it('is said of the setting that has it', async () => {
    const { message } = await rejectionOf(elsewhere(withPin, 'pkcs11:token=t1').make('ES256', undefined));
    expect(message).toMatch(/^OIDC_SIGNERS: pin-value would show the PIN/);
    expect(message).not.toContain('1234');
  });

  it('is said of --to where it stands there', async () => {
    const { message } = await rejectionOf(elsewhere('pkcs11:', withPin).make('ES256', undefined));
    expect(message).toMatch(/^The reference of --to: pin-value would show the PIN/);
  });

  it('keeps no revocation from being written', async () => {
    const jwk = jwkOf({ kid: 'a', iat: 0, nbf: 0, signer: 'pkcs11:token=t1;id=%01' });
    let text = JSON.stringify({ keys: [jwk] });
    const store: KeyStore = {
      read: async () => ({ text, version: text }),
      write: async (next) => {
        text = next;
        return true;
      },
    };
    const place = {
      store,
      figures,
      decryption: { where: 'The store', passphrase: undefined },
      make: makingHere(),
      elsewhere: elsewhere(withPin),
    };
    const { sentences } = await revokeIn(place, 'a', {});
    expect(sentences.join('\n')).toMatch(/No key was made in its place: OIDC_SIGNERS: pin-value/);
    expect(JSON.parse(text)).toMatchObject({ keys: [{ kid: 'a', revoked: expect.anything() }] });
  });

  it('is said by a revocation too', async () => {
    const sentence = await elsewhere(withPin).disable('pkcs11:token=t1;id=%01', undefined);
    expect(sentence).toMatch(/^The key still signs in pkcs11:token=t1;id=%01 .*OIDC_SIGNERS: pin-value/);
  });
});
