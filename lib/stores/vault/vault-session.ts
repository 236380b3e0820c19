import { KeyStoreError } from '../key-store.js';
import type { Credentials, GivenToken } from './credentials.js';
import { Lease, leaseIn } from './lease.js';
import type { Login } from './login.js';
import { isTokenRefused } from './refusals.js';
import type { VaultAnswer, VaultClient, VaultRequest } from './vault-client.js';

/** The token in use. */
interface Held {
  readonly token: string;
  /** Undefined where it is not known yet. */
  readonly lease: Lease | undefined;
  /** By the monotonic clock, in milliseconds. */
  readonly since: number;
}

/** A process that ends by then has no use for how long its token is good. In milliseconds. */
const shortLife = 1_000;

/**
 * Asks with a token that is good: one that runs out is renewed, or another one got, when half of its time is over and
 * somebody asks; nothing here keeps a process alive.
 */
export class VaultSession {
  readonly #client: VaultClient;
  readonly #where: string;
  readonly credentials: Credentials;
  #held: Held | undefined;

  constructor(client: VaultClient, credentials: Credentials, where: string) {
    this.#client = client;
    this.credentials = credentials;
    this.#where = where;
  }

  /** @throws KeyStoreError `KEY_STORE_UNAUTHENTICATED` where the token is refused, and so is the next one */
  async request(request: Omit<VaultRequest, 'token'>): Promise<VaultAnswer> {
    const token = await this.#token(request.signal);
    const answer = await this.#client.request({ ...request, token });
    if (!isTokenRefused(answer.status, answer.errors)) return answer;
    // It was revoked, or somebody has put another one there since.
    this.#held = undefined;
    const next = await this.#token(request.signal);
    if (next === token) throw this.#refused(token);
    const second = await this.#client.request({ ...request, token: next });
    if (!isTokenRefused(second.status, second.errors)) return second;
    this.#held = undefined;
    throw this.#refused(next);
  }

  close(): void {
    this.#client.close();
  }

  #token(signal: AbortSignal): Promise<string | undefined> {
    const { credentials } = this;
    return credentials.type === 'given'
      ? this.#given(credentials, signal)
      : this.#logged(credentials, signal);
  }

  async #given(credentials: GivenToken, signal: AbortSignal): Promise<string | undefined> {
    const token = await credentials.read();
    if (token === undefined) return undefined;
    const held = this.#held?.token === token ? this.#held : this.#hold(token, undefined);
    if (!held.lease && performance.now() - held.since < shortLife) return token;
    const lease = held.lease ?? (await this.#lookUp(token, signal));
    const renewed = lease?.isRenewable && lease.isHalfOver ? await this.#renew(token, signal) : undefined;
    this.#hold(token, renewed ?? lease, held.since);
    return token;
  }

  async #logged(login: Login, signal: AbortSignal): Promise<string> {
    const held = this.#held;
    if (held?.lease && !held.lease.isHalfOver) return held.token;
    if (!held?.lease || held.lease.isOver) return this.#logIn(login, signal);
    const renewed = held.lease.isRenewable ? await this.#renew(held.token, signal) : undefined;
    // It has reached the end of all renewals where it gets less than it had.
    if (renewed && renewed.seconds * 2 >= held.lease.seconds) {
      return this.#hold(held.token, renewed).token;
    }
    // What it has is good for as long again, and whoever asks next tries again.
    return (await soon(this.#logIn(login, signal), signal)) ?? held.token;
  }

  async #logIn(login: Login, signal: AbortSignal): Promise<string> {
    const { token, lease } = await login.logIn(this.#client, signal);
    return this.#hold(token, lease).token;
  }

  #hold(token: string, lease: Lease | undefined, since = performance.now()): Held {
    return (this.#held = { token, lease, since });
  }

  /** Undefined where that is to be asked again. */
  async #lookUp(token: string, signal: AbortSignal): Promise<Lease | undefined> {
    const answer = await this.#aside({ method: 'GET', path: 'auth/token/lookup-self', token, signal });
    if (!answer) return undefined;
    const { ttl, renewable } = answer.data;
    return leaseIn({ lease_duration: ttl, renewable }) ?? new Lease(0, false);
  }

  async #renew(token: string, signal: AbortSignal): Promise<Lease | undefined> {
    const path = 'auth/token/renew-self';
    const answer = await this.#aside({ method: 'POST', path, token, body: {}, signal });
    return answer && (leaseIn(answer.auth) ?? new Lease(0, false));
  }

  /** What fails here is found out by the request itself, if it matters. */
  #aside(request: VaultRequest): Promise<VaultAnswer | undefined> {
    return soon(this.#client.request(request), request.signal);
  }

  #refused(token: string | undefined): KeyStoreError {
    const { credentials } = this;
    const { name, remedy } = credentials;
    return new KeyStoreError(
      'KEY_STORE_UNAUTHENTICATED',
      token === undefined
        ? `${this.#where} asks for a token, and none is configured. ${remedy}`
        : `${this.#where} refuses ${name}: it is unknown, expired, revoked or used up. ${remedy}`,
      { isTransient: credentials.type === 'given' && credentials.isRefreshed },
    );
  }
}

/** What can wait must not use up the time for the rest. In milliseconds. */
const patience = 1_500;

/** Undefined where it fails, or takes its time. */
async function soon<Value>(value: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, patience, undefined);
  });
  try {
    return await Promise.race([value, late]);
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    clearTimeout(timer);
    // Nobody waits for it any more.
    value.catch(() => undefined);
  }
}
