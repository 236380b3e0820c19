import { describe, expect, it } from '@jest/globals';

import { withText } from '../../lib/stores/fields.js';

const choice = { where: 'The secret', field: 'jwks' };
/** As a secret manager answers: one text, or fields that were read from one. */
const forms: Readonly<Record<string, (text: string) => string | Record<string, unknown>>> = {
  'of one text': (text) => text,
  'of fields': (text) => JSON.parse(text) as Record<string, unknown>,
};

describe.each(Object.entries(forms))('a secret %s', (_, contentOf) => {
  const written = (others: string) =>
    withText(contentOf(`{"jwks":"before","other":${others}}`), 'now', { ...choice, isFields: true });

  it.each(['12345678901234567890', '{"deep":[9007199254740993]}', '1e400', '0.1234567890123456789'])(
    'is not written where the number %s of another field would be lost',
    (number) => {
      expect(() => written(number)).toThrow(/holds a number in another field that would not survive/);
    },
  );

  it.each(['9007199254740991', '-1.5', '0.000000123456789012345', '1.2e-300', '"12345678901234567890"'])(
    'is written where the other field holds %s',
    (value) => {
      const content = written(value);
      const fields: unknown = typeof content === 'string' ? JSON.parse(content) : content;
      expect(fields).toEqual({ jwks: 'now', other: JSON.parse(value) as unknown });
    },
  );
});
