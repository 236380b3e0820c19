import type { IncomingHttpHeaders } from 'node:http';

/** What a server said. */
export interface Answer {
  /** The address that answered, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Unpacked. */
  readonly body: Buffer;
  /** Every address that was named on the way, in order. */
  readonly redirects: readonly URL[];
  /** When the request left and when the first byte came, in milliseconds since 1970. */
  readonly askedAt: number;
  readonly answeredAt: number;
  /** Milliseconds for everything, redirects and body included. */
  readonly took: number;
}

/**
 * Why there is no answer:
 *
 * - `refused`: the address is none that is asked, such as one without TLS
 * - `private`: the name of another host led to an address that is not public
 * - `circle`: too many redirects
 * - `certificate`: it is not trusted, or is for another name
 * - `late`: not within the deadline
 * - `large`: more bytes than are read
 * - `garbled`: what came is no HTTP, or not what it says
 * - `unreachable`: nobody is there
 */
export type Failure =
  'refused' | 'private' | 'circle' | 'certificate' | 'late' | 'large' | 'garbled' | 'unreachable';

/** That there is no answer. */
export interface NoAnswer {
  readonly failure: Failure;
  /** In words that go on after the address. */
  readonly reason: string;
  readonly redirects: readonly URL[];
}

export function isAnswer(value: Answer | NoAnswer): value is Answer {
  return 'status' in value;
}
