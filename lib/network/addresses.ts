import { BlockList } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Why a value is no address that can be used; no message repeats it, since it may hold a password.
 *
 * @param trustNetworkWithoutTls undefined where there is no such option
 */
export function defectOfAddress(value: unknown, trustNetworkWithoutTls?: boolean): string | undefined {
  if (typeof value !== 'string' || !URL.canParse(value)) {
    return 'has to be an address that begins with https://';
  }
  // The parser drops it, and the `iss` of a token is compared to the letter.
  if (/[\s\p{Cc}]/u.test(value)) return 'has white space or a line end in or around it';
  const url = new URL(value);
  if (url.username !== '' || url.password !== '') return 'has a user name or password in it; take it out';
  if (url.hash !== '' || value.includes('#')) return 'has a fragment (#) in it; take it out';
  if (url.protocol === 'https:') return undefined;
  if (url.protocol === 'http:' && (isLoopback(url) || trustNetworkWithoutTls === true)) return undefined;
  const exception =
    trustNetworkWithoutTls === undefined
      ? ''
      : '; in a network that you trust, "trustNetworkWithoutTls" allows it';
  return `has to begin with https:// (http:// on the machine itself only${exception})`;
}

/** RFC 8252 section 8.3: what never leaves the machine. A resolver may send names below `localhost` elsewhere. */
export function isLoopback({ hostname }: Pick<URL, 'hostname'>): boolean {
  if (hostname === 'localhost') return true;
  if (hostname.startsWith('[')) return loopback.check(hostname.slice(1, -1), 'ipv6');
  return /^[\d.]+$/.test(hostname) && loopback.check(hostname, 'ipv4');
}

/** Two addresses that differ in nothing but how they are written are one. */
export function isSameAddress(one: string, other: string): boolean {
  return normalized(one) === normalized(other);
}

function normalized(address: string): string {
  // Without the look behind, slashes that are not at the end cost the square of their number.
  return URL.canParse(address) ? new URL(address).href.replace(/(?<!\/)\/+$/, '') : address;
}

/** An address as logs may show it: some carry a key in their query. */
export function printable({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}
