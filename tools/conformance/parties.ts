// Who takes part: the addresses, and the clients and the user that both the suite and the sample have to know.
import { randomBytes } from 'node:crypto';

const secret = () => randomBytes(32).toString('base64url');

export interface Client {
  readonly id: string;
  readonly secret: string;
}

export interface Parties {
  readonly issuer: string;
  readonly suite: string;
  readonly alias: string;
  readonly password: string;
  readonly clients: readonly [Client, Client];
}

export function partiesAt(issuer: string, suite: string): Parties {
  return {
    issuer,
    suite,
    alias: 'oidc-key',
    password: secret(),
    clients: [
      { id: 'conformance-1', secret: secret() },
      { id: 'conformance-2', secret: secret() },
    ],
  };
}

/** Where the suite takes part as a client. */
export function clientUrl({ suite, alias }: Parties, name: 'callback' | 'post_logout_redirect'): string {
  return `${suite}/test/a/${alias}/${name}`;
}
