import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { algorithmNamed } from '../../../lib/core/algorithms.js';
import { OidcKeyError, OidcTokenError } from '../../../lib/core/errors.js';
import { loadKeyMaterial } from '../../../lib/core/reading/key-material.js';
import { KeyRing } from '../../../lib/core/ring/key-ring.js';
import { verifyJws, verifySignature } from '../../../lib/core/jwt/verify-signature.js';
import { rejectionOf } from '../../support/errors.js';
import { verificationKeyNow } from '../../support/loaded.js';
import { root } from '../../support/processes.js';

/** Project Wycheproof, `json_web_signature_schema_v1.json`. */
interface Vectors {
  readonly numberOfTests: number;
  readonly testGroups: readonly Group[];
}

interface Group {
  readonly comment: string;
  /** A shared secret has no public half. */
  readonly public?: Jwk;
  readonly private: Jwk;
  readonly tests: readonly Vector[];
}

type Jwk = Readonly<Record<string, unknown>> & { readonly alg?: string };

interface Vector {
  readonly tcId: number;
  readonly comment: string;
  readonly jws: string;
  readonly result: 'valid' | 'invalid';
}

const path = resolve(root, '../shared/vectors/json_web_signature_test.json');

/** Where our verdict is not the file's although the key is of an algorithm that we have. */
const otherVerdicts: ReadonlyMap<number, string> = new Map([
  [346, 'the header says PS384 where the JWK says PS256; the key decides (RFC 8725 section 3.1)'],
  [350, 'as 346'],
]);

const keyOf = (group: Group) => group.public ?? group.private;

/** The file's verdict where we have the algorithm; everything else is refused. */
function expectedOf(group: Group, vector: Vector): 'accepted' | 'refused' {
  const isOurs = algorithmNamed(keyOf(group).alg) !== undefined && !otherVerdicts.has(vector.tcId);
  return isOurs && vector.result === 'valid' ? 'accepted' : 'refused';
}

function ringOf(jwk: Jwk): KeyRing {
  const keys = loadKeyMaterial({ name: 'vector', value: jwk });
  const previous = keys.map((material) => ({ key: verificationKeyNow(material), slot: 'previous' as const }));
  return new KeyRing(previous, undefined);
}

async function verdictOf(group: Group, { jws }: Vector): Promise<'accepted' | 'refused'> {
  try {
    const { payload } = await verifyJws(jws, ringOf(keyOf(group)));
    expect(Buffer.from(payload).toString('base64url')).toBe(jws.split('.')[1]);
    return 'accepted';
  } catch (error) {
    if (error instanceof OidcKeyError || error instanceof OidcTokenError) return 'refused';
    throw error;
  }
}

if (existsSync(path)) {
  const { numberOfTests, testGroups } = JSON.parse(readFileSync(path, 'utf8')) as Vectors;
  const cases = testGroups.flatMap((group) => group.tests.map((vector) => ({ group, vector })));
  const named = cases.map(({ group, vector }) => {
    const { tcId, comment } = vector;
    return [`${tcId} ${group.comment} ${comment}`, expectedOf(group, vector), group, vector] as const;
  });

  describe('Wycheproof: JSON Web Signature', () => {
    it('has as many vectors as it says, and some that are to be accepted for each of our algorithms in it', () => {
      expect(cases.length).toBe(numberOfTests);
      const accepted = cases.filter(({ group, vector }) => expectedOf(group, vector) === 'accepted');
      const algorithms = accepted.map(({ group }) => keyOf(group).alg);
      expect(new Set(algorithms)).toEqual(
        new Set(['ES256', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512']),
      );
    });

    it.each(named)('%s: %s', async (_name, expected, group, vector) => {
      expect(await verdictOf(group, vector)).toBe(expected);
    });

    it.each(named.filter(([, expected]) => expected === 'accepted'))(
      '%s: no JWT, since its payload is no JSON object',
      async (_name, _expected, group, { jws }) => {
        const error = await rejectionOf(
          (async () => verifySignature(jws, ringOf(keyOf(group)), undefined))(),
        );
        expect(error.code).toBe('OIDC_TOKEN_MALFORMED');
      },
    );

    it.each([...otherVerdicts])('%d is refused for its algorithm: %s', async (tcId) => {
      const { group, vector } = cases.find((each) => each.vector.tcId === tcId)!;
      expect(vector.result).toBe('valid');
      const error = await rejectionOf((async () => verifyJws(vector.jws, ringOf(keyOf(group))))());
      expect(error.code).toBe('OIDC_TOKEN_INVALID_ALGORITHM');
    });
  });
} else {
  it.skip('Wycheproof: JSON Web Signature (skipped: the vectors are not beside the repository)', () =>
    undefined);
}
