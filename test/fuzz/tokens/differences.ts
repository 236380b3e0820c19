import type { Verdict } from './verdicts.js';

/** What can be seen of a token by whoever splits it, decodes it and knows our kid. */
interface Seen {
  readonly token: string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly kid: string;
}

interface Difference {
  readonly kind: string;
  readonly reason: string;
  readonly code: string;
  readonly applies: (seen: Seen) => boolean;
}

const isInfinite = (value: unknown) => typeof value === 'number' && !Number.isFinite(value);

/** Every kind of token that jose accepts and we refuse. */
export const differences: readonly Difference[] = [
  {
    kind: 'characters outside of base64url',
    reason: 'RFC 7515 section 2: base64url has no padding, no white space and no other characters',
    code: 'OIDC_TOKEN_MALFORMED',
    applies: ({ token }) => !/^[\w-]*\.[\w-]*\.[\w-]*$/.test(token),
  },
  {
    kind: 'unused bits at the end of a part',
    reason:
      'RFC 4648 section 3.5: otherwise one token could be written in several ways, and escape a list of revoked ones',
    code: 'OIDC_TOKEN_MALFORMED',
    applies: ({ token }) =>
      token.split('.').some((part) => Buffer.from(part, 'base64url').toString('base64url') !== part),
  },
  {
    kind: 'b64',
    reason: 'RFC 7797 section 7: a JWT must not use it, and none of ours has it',
    code: 'OIDC_TOKEN_MALFORMED',
    applies: ({ header }) => 'b64' in header,
  },
  {
    kind: 'a kid that is not ours',
    reason: 'RFC 7515 section 4.1.4: the kid says which key; jose was handed the key and does not ask',
    code: 'OIDC_TOKEN_INVALID_SIGNATURE',
    applies: ({ header, kid }) => Object.hasOwn(header, 'kid') && header.kid !== kid,
  },
  {
    kind: 'a time that is infinite',
    reason: 'RFC 7519 section 2: a NumericDate is a number of seconds, and 1e999 would never expire',
    code: 'OIDC_TOKEN_MALFORMED',
    applies: ({ claims }) => [claims.exp, claims.nbf, claims.iat].some(isInfinite),
  },
];

/** The kind of a difference, or undefined where nothing explains it. */
export function kindOf(token: string, kid: string, ours: Verdict): string | undefined {
  const [header, payload] = token.split('.');
  const seen = { token, kid, header: decoded(header), claims: decoded(payload) };
  return differences.find(({ code, applies }) => code === ours.code && applies(seen))?.kind;
}

/** jose accepted it, so it can be decoded; like jose, this skips a byte order mark. */
function decoded(part = ''): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(Buffer.from(part, 'base64'))) as Record<string, unknown>;
}
