import { errors } from 'jose';

import { UnusableAnswer } from './bounded-fetch.js';

const privateAuthority = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
]);

/** Why keys could not be fetched, in words that go on after the address. Never a byte of what was answered. */
export function reasonOf(error: unknown): string {
  const found = unwrapped(error);
  if (found instanceof UnusableAnswer) return found.message;
  if (found instanceof errors.JWKSTimeout) return 'no answer within 5 s';
  if (found instanceof errors.JWKSInvalid) return 'answered something that is no JWK Set';
  if (found instanceof errors.JOSEError) return 'answered something that is no JSON';
  const code = codeOf(found);
  return privateAuthority.has(code)
    ? `its certificate is of an authority that is not known (${code}); NODE_EXTRA_CA_CERTS names one`
    : `the request failed (${code})`;
}

function unwrapped(error: unknown): unknown {
  const { cause } = error as { cause?: unknown };
  return cause instanceof UnusableAnswer ? cause : error;
}

/** fetch hides what happened in the cause; a port that it does not use has no code. */
function codeOf(error: unknown): string {
  const { code, message, cause } = error as {
    code?: string;
    message: string;
    cause?: Error & { code?: string };
  };
  return cause?.code ?? cause?.message ?? code ?? message;
}
