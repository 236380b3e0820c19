import { describe, expect, it } from '@jest/globals';

import { OidcKeyError } from '../../lib/core/errors.js';
import { NamedValue } from '../../lib/core/reading/named-value.js';
import { decrypted } from '../../lib/sources/decrypted.js';
import { encryptKeySet } from '../../lib/sources/encrypted-key-set.js';

const text = '{"keys":[]}';
const jwe = await encryptKeySet(text, 'right');
const passphrase = new NamedValue('OIDC_PRIVATE_KEY_PASSPHRASE', 'right', { remedy: 'Set it' });
const valueOf = (value: unknown) => (value as NamedValue).value;

describe('an encrypted key set', () => {
  it('is decrypted under both names of its setting, and keeps what is known about it', async () => {
    const alias = new NamedValue('RSA_PRIVATE_KEY_PEM', Buffer.from(jwe));
    const current = new NamedValue('OIDC_PRIVATE_KEY', `"${jwe}"`, { alias, warning: 'odd' });
    const opened = (await decrypted({ current, passphrase })).current as NamedValue;
    expect([opened.where, opened.value, opened.about.warning]).toEqual(['OIDC_PRIVATE_KEY', text, 'odd']);
    expect([opened.about.alias?.where, opened.about.alias?.value]).toEqual(['RSA_PRIVATE_KEY_PEM', text]);
  });

  it('of a source that gives plain values is decrypted as well', async () => {
    expect(valueOf((await decrypted({ current: jwe, passphrase: 'right' })).current)).toBe(text);
  });

  it('that cannot be decrypted is the reason in its place, so that revocations are taken all the same', async () => {
    const slots = await decrypted({ current: jwe, passphrase: 'wrong', revokedKids: ['a'] });
    expect(valueOf(slots.current)).toMatchObject({ code: 'OIDC_KEY_ENCRYPTED' });
    expect(slots.revokedKids).toEqual(['a']);
    const unreadable = new OidcKeyError('OIDC_KEY_UNREADABLE_FILE', 'No passphrase.');
    expect(valueOf((await decrypted({ current: jwe, passphrase: unreadable })).current)).toBe(unreadable);
  });

  it.each([[{ current: text }], [{}], [undefined as never]])(
    'is looked for, and nothing else is touched: %j',
    async (slots) => {
      expect(await decrypted(slots)).toBe(slots);
    },
  );
});
