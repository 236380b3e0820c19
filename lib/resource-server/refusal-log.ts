import { Logger } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';

import { OidcTokenError } from '../core/errors.js';
import { unverifiedClaimsOf, unverifiedHeaderOf } from '../core/jwt/verify-signature.js';
import { isSameAddress } from '../network/addresses.js';

const minute = 60_000;

/** Values that an operator chose are in the token: what it has is told. */
const chosen = new Set(['iss', 'aud', 'header.typ']);

/** What smells of configuration too: another issuer's keys, a claim that this issuer never writes. */
const isConfiguration = ({ claim = '', expected }: OidcTokenError) =>
  chosen.has(claim) || claim === 'header.kid' || claim === 'cnf' || expected === 'there';

/** Tells the operator why a token was refused. Never the token, and of its claims `iss` and `aud` alone. */
export class RefusalLog {
  readonly #logger = new Logger('AccessTokenGuard');
  readonly #warnedAt = new Map<string, number>();

  /** @param token where there was one */
  refused(context: ExecutionContext, error: unknown, token?: string): void {
    const handler = `${context.getClass().name}.${context.getHandler()?.name}`;
    if (!(error instanceof OidcTokenError)) {
      const { reason, message } = error as Error & { reason?: string };
      this.#debug(`${handler} refused a call: ${reason ?? message}`);
      return;
    }
    const { claim = '' } = error;
    const found = chosen.has(claim) && token !== undefined ? foundIn(token, claim) : undefined;
    const hint = hintAbout(error, found);
    const reason = `${handler} refused an access token: ${whyOf(error, found)}${hint}`;
    // Anybody can use up the minute of what has no hint.
    if (isConfiguration(error) && this.#isFirstInAMinute(`${claim}${hint}`)) {
      this.#logger.warn(`${reason} (said once a minute; each refusal is logged at the level debug)`);
    } else this.#debug(reason);
  }

  /** A transport without a place for tokens, and nothing that says where they are. */
  hasNoPlace(context: ExecutionContext, whereElse: string): void {
    const type = context.getType<string>();
    if (!this.#isFirstInAMinute(`type ${type}`)) return;
    this.#logger.warn(
      `${context.getClass().name}.${context.getHandler()?.name} is called by "${type}", which has no place of its own ` +
        `for an access token, and every call is refused. ${whereElse}`,
    );
  }

  #debug(message: string): void {
    this.#logger.debug(message);
  }

  #isFirstInAMinute(kind: string): boolean {
    const now = performance.now();
    if (now - (this.#warnedAt.get(kind) ?? -Infinity) < minute) return false;
    this.#warnedAt.set(kind, now);
    return true;
  }
}

function whyOf({ code, message, claim, expected }: OidcTokenError, found: unknown): string {
  if (claim === undefined || expected === undefined) return `${code}, ${message}`;
  const [, ofHeader] = /^header\.(.*)$/.exec(claim) ?? [];
  const member = ofHeader === undefined ? `its claim "${claim}"` : `the "${ofHeader}" of its header`;
  return `${code}, ${member} has to be ${expected}${found === undefined ? '' : `, and is ${printed(found)}`}`;
}

function foundIn(token: string, claim: string): unknown {
  if (claim === 'header.typ') return unverifiedHeaderOf(token)?.typ ?? null;
  return unverifiedClaimsOf(token)?.[claim] ?? null;
}

const longest = 80;

/** As JSON, cut, and without a character that could make a line of its own or move a terminal's cursor. */
function printed(value: unknown): string {
  if (value === null) return 'missing';
  // Whatever else it is may be of any depth.
  if (!isPrintable(value)) return 'neither a text nor a list of texts';
  const text = JSON.stringify(value).replace(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

function isPrintable(value: unknown): boolean {
  return [value].flat().every((each) => typeof each === 'string');
}

/** The commonest reason: a slash at the end. */
function hintAbout({ claim, expected = '' }: OidcTokenError, found: unknown): string {
  if (claim !== 'iss') return '';
  const configuredIssuers = expected.match(/"[^"]*"/g)?.map((each) => each.slice(1, -1)) ?? [];
  const isNearly =
    typeof found === 'string' && configuredIssuers.some((issuer) => isSameAddress(issuer, found));
  return isNearly ? '. They differ only in how they are written: configure it as the token has it' : '';
}
