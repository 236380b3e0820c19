import * as fc from 'fast-check';

import { acceptedForms } from './accepted-forms.js';
import { damagedDer, wrongDer } from './damaged-der.js';
import { damagedJwk, oddValues } from './damaged-jwk.js';
import { damagedText } from './damaged-text.js';
import { encryptedPkcs8, traditionalEncryption } from './encrypted-garbage.js';
import { crowdedInputs, hugeMembers, hugeNumbers, hugeTexts } from './huge-inputs.js';
import type { KeyCase } from './key-case.js';

/** Every kind of case, as often as it is likely to find something for what it costs. */
export const keyCases: fc.Arbitrary<KeyCase> = fc.oneof(
  { weight: 200, arbitrary: acceptedForms },
  { weight: 200, arbitrary: damagedText },
  { weight: 150, arbitrary: damagedDer },
  { weight: 200, arbitrary: wrongDer },
  { weight: 200, arbitrary: damagedJwk },
  { weight: 20, arbitrary: oddValues },
  { weight: 30, arbitrary: encryptedPkcs8 },
  { weight: 20, arbitrary: traditionalEncryption },
  { weight: 6, arbitrary: hugeTexts },
  { weight: 4, arbitrary: hugeNumbers },
  { weight: 4, arbitrary: hugeMembers },
  { weight: 1, arbitrary: crowdedInputs },
);
