import { setTimeout as wait } from 'node:timers/promises';
import { decodeJwt } from 'jose';

import { milliseconds } from './scale.js';
import type { RelyingParty } from './relying-parties/relying-party.js';
import type { Tally } from './tally.js';

/** How long before its end a token is verified again. */
const late = milliseconds(20);

interface Presented {
  readonly token: string;
  /** In milliseconds since 1970. */
  readonly endsAt: number;
  readonly isNew: boolean;
}

/** Mints tokens and has every relying party verify each of them, when it is new and again when it is old. */
export class Traffic {
  readonly #issuer: string;
  readonly #parties: readonly RelyingParty[];
  readonly #tally: Tally;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timer: NodeJS.Timeout;

  constructor(issuer: string, parties: readonly RelyingParty[], tally: Tally, mintsPerSecond: number) {
    this.#issuer = issuer;
    this.#parties = parties;
    this.#tally = tally;
    tally.open(parties.map(({ name }) => name));
    this.#timer = setInterval(() => this.#begin(), 1000 / mintsPerSecond);
  }

  /** Mints no more, and resolves when the last token has been verified for the last time. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#tally.close();
    await Promise.all(this.#underWay);
  }

  #begin(): void {
    const life = this.#followToken();
    this.#underWay.add(life);
    void life.finally(() => this.#underWay.delete(life));
  }

  async #followToken(): Promise<void> {
    const token = await this.#mint();
    this.#tally.mint(token !== undefined);
    if (token === undefined) return;
    const endsAt = (decodeJwt(token).exp ?? 0) * 1000;
    await this.#verifyByAll({ token, endsAt, isNew: true });
    await wait(endsAt - late - Date.now());
    await this.#verifyByAll({ token, endsAt, isNew: false });
  }

  async #mint(): Promise<string | undefined> {
    const response = await fetch(`${this.#issuer}/mint`, { method: 'POST' });
    if (response.ok) return ((await response.json()) as { token: string }).token;
    await response.body?.cancel();
    return undefined;
  }

  async #verifyByAll(presented: Presented): Promise<void> {
    await Promise.all(this.#parties.map((party) => this.#verify(party, presented)));
  }

  async #verify(party: RelyingParty, { token, endsAt, isNew }: Presented): Promise<void> {
    try {
      await party.verify(token);
      this.#tally.verification(party.name, isNew);
    } catch (error) {
      // On a machine that is too busy a token may expire before it is looked at. That is nobody's failure.
      if (Date.now() < endsAt) this.#tally.verification(party.name, isNew, reasonOf(error));
    }
  }
}

/** Which error it was. Its message or cause may quote the token. */
function reasonOf(error: unknown): string {
  const { name, code, cause } = error as { name?: string; code?: string; cause?: { code?: string } };
  return [...new Set([name, code, cause?.code])].filter((word) => word !== undefined).join(' ');
}
