import { request as requestHttp } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { RequestOptions } from 'node:https';
import { isIP } from 'node:net';

import { defectOfAddress, isLoopback } from './addresses.js';
import type { Answer, Failure, NoAnswer } from './answer.js';
import { authoritiesBeside } from './authorities.js';
import { bodyOf, TooLarge } from './bounded-body.js';
import { checkedLookup, ForbiddenAddress } from './checked-lookup.js';
import { isPrivateAddress } from './private-addresses.js';

/** How a document is asked for. */
export interface AskOptions {
  /** Milliseconds for everything: names, redirects and body. */
  readonly deadline?: number | undefined;
  /** The IP address of a host, in place of what its name says; TLS is still for the name. */
  readonly resolve?: ReadonlyMap<string, string> | undefined;
  /** Certificates of private authorities in PEM, beside those that Node knows. */
  readonly ca?: string | Buffer | undefined;
  /** The one host that may have a private address. Default: that of the address that is asked. */
  readonly trustedHost?: string | undefined;
  /** Ends it earlier. */
  readonly signal?: AbortSignal | undefined;
}

/** Kubernetes answers 406 to whoever asks for `application/json` alone. */
const accept = 'application/jwk-set+json, application/json';
const usualDeadline = 10_000;
const mostRedirects = 3;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/**
 * Asks for a document at an address that somebody else may have named: over https only (http on the machine itself), one
 * million bytes at most, within a deadline, with nothing of its own in the request. It goes to no private address, redirects
 * included, but that of the trusted host and of hosts with an address in `resolve`. It never throws.
 */
export async function ask(address: string, options: AskOptions = {}): Promise<Answer | NoAnswer> {
  const redirects: URL[] = [];
  const fail = (failure: Failure, reason: string): NoAnswer => ({ failure, reason, redirects });
  const milliseconds = options.deadline ?? usualDeadline;
  const limit = AbortSignal.timeout(milliseconds);
  const signal = options.signal ? AbortSignal.any([limit, options.signal]) : limit;
  const trustedHost = options.trustedHost ?? (URL.canParse(address) ? new URL(address).hostname : undefined);
  const startedAt = Date.now();
  let target = address;
  for (;;) {
    const defect = defectOfAddress(target);
    if (defect !== undefined) return fail('refused', defect);
    const url = new URL(target);
    const askedAt = Date.now();
    try {
      const message = await unlessAborted(sent(url, { ...options, trustedHost }, signal), signal);
      const answeredAt = Date.now();
      const { statusCode: status = 0, headers } = message;
      const { location } = headers;
      if (!redirectStatuses.has(status) || location === undefined) {
        const body = await unlessAborted(bodyOf(message).catch(cutOff), signal);
        const took = Date.now() - startedAt;
        return { url, status, headers, body, redirects, askedAt, answeredAt, took };
      }
      message.destroy();
      if (!URL.canParse(location, url.href))
        return fail('garbled', 'redirects to something that is no address');
      const next = new URL(location, url);
      // It is for whoever reads the document.
      next.hash = '';
      redirects.push(next);
      if (redirects.length > mostRedirects)
        return fail('circle', `redirects more than ${mostRedirects} times`);
      target = next.href;
    } catch (error) {
      if (signal.aborted) return fail('late', `gave no whole answer within ${milliseconds / 1000} s`);
      return fail(...failureOf(error as NodeJS.ErrnoException));
    }
  }
}

async function sent(
  url: URL,
  { resolve, ca, trustedHost }: AskOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { hostname, protocol } = url;
  const pinned = resolve?.get(hostname);
  const refuse = (address: string) => {
    // RFC 8252 section 8.3: a resolver may send the name `localhost` elsewhere.
    if (protocol === 'http:' && !isLoopback({ hostname: address.includes(':') ? `[${address}]` : address })) {
      return 'is asked without TLS, and its name leads away from this machine';
    }
    const isTrusted = pinned !== undefined || hostname === trustedHost;
    return isTrusted || !isPrivateAddress(address)
      ? undefined
      : `leads to a private address (${address}), and is another host than the one that was asked`;
  };
  // Node looks no name up where there is none.
  const literal = hostname.replace(/^\[|\]$/g, '');
  const refusal = isIP(literal) === 0 ? undefined : refuse(literal);
  if (refusal !== undefined) throw new ForbiddenAddress(refusal);
  const options: RequestOptions = {
    method: 'GET',
    signal,
    // A connection of its own, so that another node of the same name may answer.
    agent: false,
    headers: { accept, 'accept-encoding': 'gzip, deflate, br', 'user-agent': 'nestjs-oidc-key' },
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
    rejectUnauthorized: true,
    lookup: checkedLookup(pinned, refuse),
  };
  return new Promise((resolveMessage, reject) => {
    const request =
      protocol === 'https:'
        ? requestHttps(url, { ...options, ...(ca !== undefined && { ca: authoritiesBeside(ca) }) })
        : requestHttp(url, options);
    request
      .on('response', resolveMessage)
      .on('upgrade', (_, socket) => {
        // Without a listener Node closes the connection, and says so to nobody.
        socket.destroy();
        reject(new Unasked('answers by switching to another protocol'));
      })
      .on('error', reject)
      .on('close', () => reject(new Unasked('closes the connection without an answer')))
      .end();
  });
}

/** That something came which is no answer to the request. */
class Unasked extends Error {}

/** It was reached, and so neither its name nor a firewall is to blame. */
function cutOff(error: NodeJS.ErrnoException): never {
  throw error.code === 'ECONNRESET' ? new Unasked('cuts its answer off') : error;
}

/** Nothing outlives the deadline, and nothing that was cut off by it is taken for a whole. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let end: () => void = () => undefined;
  const ended = new Promise<never>((_, reject) => {
    end = () => reject(signal.reason as Error);
    signal.addEventListener('abort', end, { once: true });
  });
  try {
    const result = await Promise.race([ended, work]);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

const certificateCodes = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH)/;

function failureOf(error: NodeJS.ErrnoException): readonly [Failure, string] {
  if (error instanceof ForbiddenAddress) return ['private', error.message];
  if (error instanceof Unasked) return ['garbled', error.message];
  if (error instanceof TooLarge) return ['large', error.message];
  const { code = 'no code' } = error;
  if (certificateCodes.test(code)) return ['certificate', `has a certificate that is not trusted (${code})`];
  if (/^(HPE_|Z_|ERR_HTTP|ERR__ERROR_|ERR_BROTLI|EPROTO|ERR_SSL)/.test(code)) {
    return ['garbled', `answers with something that cannot be read (${code})`];
  }
  return ['unreachable', `cannot be reached (${code})`];
}
