import { expect, it } from '@jest/globals';

import { KeyStoreError } from '../../../lib/stores/key-store.js';
import { BackOff } from '../../../lib/stores/pkcs11/back-off.js';
import { errorOf } from '../../support/errors.js';

it('what failed is tried again at once, and after a second failure not before its time', () => {
  const backOff = new BackOff();
  const [first, second] = ['first', 'second'].map(
    (words) => new KeyStoreError('KEY_STORE_UNREACHABLE', words),
  );
  backOff.check();
  backOff.failed(first!);
  backOff.check();
  backOff.failed(second!);
  expect(errorOf(() => backOff.check())).toBe(second);
  backOff.succeeded();
  backOff.check();
});
