import { describe, expect, it } from '@jest/globals';

import { AllowedSigners } from '../../../lib/stores/allowed-signers.js';
import { KeysElsewhere } from '../../../lib/stores/keys-elsewhere.js';
import { rejectionOf } from '../../support/errors.js';

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

  it('is said by a revocation too', async () => {
    const sentence = await elsewhere(withPin).disable('pkcs11:token=t1;id=%01', undefined);
    expect(sentence).toMatch(/^The key still signs in pkcs11:token=t1;id=%01 .*OIDC_SIGNERS: pin-value/);
  });
});
