import type { KeyObject } from 'node:crypto';

import type { SigningAlgorithm } from '../../lib/core/algorithms.js';
import { slotsOfOptions } from '../../lib/core/jwt/service-options.js';
import type { JwtServiceOptions } from '../../lib/core/jwt/jwt.service.js';
import { signingKeyOf, verificationKeyOf } from '../../lib/core/key/signing-key.js';
import type { SigningKey } from '../../lib/core/key/signing-key.js';
import { runNow } from '../../lib/core/key/steps.js';
import type { VerificationKey } from '../../lib/core/key/verification-key.js';
import type { KeyMaterial } from '../../lib/core/reading/key-material.js';
import { KeyLoader } from '../../lib/core/ring/key-loader.js';
import { KeyRing } from '../../lib/core/ring/key-ring.js';
import type { Slot } from '../../lib/core/ring/life.js';

/** A key that signs, proven as a boot proves it. */
export function signingKeyNow(material: KeyMaterial): SigningKey {
  return runNow(signingKeyOf(material));
}

/** A key that verifies, checked as a boot checks it. */
export function verificationKeyNow(material: KeyMaterial): VerificationKey {
  return runNow(verificationKeyOf(material));
}

export function thumbprintOf(keyObject: KeyObject): string {
  return verificationKeyNow({ keyObject, where: 'The key' }).thumbprint;
}

/** The ring that `new JwtService(options)` signs with. */
export function ringOf(options: JwtServiceOptions & { algorithm?: SigningAlgorithm }): KeyRing {
  const { lives, defaultAlgorithm } = new KeyLoader().loadNow(slotsOfOptions(options), options);
  return new KeyRing(lives, defaultAlgorithm);
}

export function keysIn(ring: KeyRing, wanted: Slot): VerificationKey[] {
  return ring.keys.flatMap(({ key, slot }) => (slot === wanted ? key : []));
}
