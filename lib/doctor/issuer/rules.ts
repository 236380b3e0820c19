import type { Finding } from '../finding.js';
import { answersRule, kindsOfAnswers } from './answers.rules.js';
import { kindsOfCertificates } from './certificates.js';
import { clockRule, kindsOfClock } from './clock.rules.js';
import { discoveryRule } from './discovery.rules.js';
import { headersRule, kindsOfHeaders } from './headers.rules.js';
import { jwksRule, kindsOfJwks } from './jwks.rules.js';
import { keysRule, kindsOfKeys } from './keys.rules.js';
import { kindsOfDiscovery } from './kinds-of-discovery.js';
import type { Observation } from './observation.js';
import { kindsOfPurposes } from './purpose.js';
import { kindsOfRelyingParties, relyingPartiesRule } from './relying-parties.rules.js';

/** Every code that is said of an issuer. */
export const kindsOfIssuer = {
  ...kindsOfAnswers,
  ...kindsOfDiscovery,
  ...kindsOfJwks,
  ...kindsOfKeys,
  ...kindsOfPurposes,
  ...kindsOfCertificates,
  ...kindsOfHeaders,
  ...kindsOfClock,
  ...kindsOfRelyingParties,
};

/** What every rule says of an issuer; what was seen decides, and nothing else. */
export async function judge(seen: Observation): Promise<readonly Finding[]> {
  return [
    ...answersRule(seen),
    ...discoveryRule(seen),
    ...jwksRule(seen),
    ...(await keysRule(seen)),
    ...headersRule(seen),
    ...clockRule(seen),
    ...relyingPartiesRule(seen),
  ];
}
