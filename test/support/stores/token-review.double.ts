import { randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeKeyPair } from '../key-pairs.js';

const { privateKey } = makeKeyPair('rsa', { modulusLength: 2048 });
const audience = 'https://kubernetes.default.svc.cluster.local';
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

interface Account {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * A double of the one question that Vault asks an API server of Kubernetes: whose a service account token is
 * (https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-review-v1/).
 */
export class TokenReviewDouble {
  readonly #accounts = new Map<string, Account>();
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { spec } = JSON.parse(Buffer.concat(chunks).toString()) as {
          spec: { token: string; audiences?: readonly string[] };
        };
        const account = this.#accounts.get(spec.token);
        response.writeHead(201, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            apiVersion: 'authentication.k8s.io/v1',
            kind: 'TokenReview',
            status: account
              ? {
                  authenticated: true,
                  audiences: spec.audiences?.filter((each) => each === audience) ?? [audience],
                  user: {
                    username: `system:serviceaccount:${account.namespace}:${account.name}`,
                    uid: account.uid,
                    groups: ['system:serviceaccounts', `system:serviceaccounts:${account.namespace}`],
                  },
                }
              : { authenticated: false, error: 'unknown or expired' },
          }),
        );
      });
    });
  }

  static async start(): Promise<TokenReviewDouble> {
    const double = new TokenReviewDouble();
    double.#server.listen(0, '127.0.0.1');
    await once(double.#server, 'listening');
    return double;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A token as the API server puts it into a pod. */
  tokenOf(namespace: string, name: string): string {
    const account = { namespace, name, uid: randomUUID() };
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: audience,
      sub: `system:serviceaccount:${namespace}:${name}`,
      aud: [audience],
      iat: now,
      exp: now + 3600,
      'kubernetes.io': { namespace, serviceaccount: { name, uid: account.uid } },
    };
    const input = `${part({ alg: 'RS256', kid: 'test' })}.${part(claims)}`;
    const token = `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`;
    this.#accounts.set(token, account);
    return token;
  }

  /** It has expired, or its pod is gone. */
  forget(token: string): void {
    this.#accounts.delete(token);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
