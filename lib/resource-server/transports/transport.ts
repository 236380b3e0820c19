import type { ExecutionContext } from '@nestjs/common';

import type { BearerRequest, BearerTokenException } from '../bearer-token.js';

/** What the guard has to know of a way in which a call arrives. */
export interface Transport {
  /** What has the header that a token is in; undefined where this transport has no place for one. */
  requestOf(context: ExecutionContext): BearerRequest | undefined;
  /** An object that the guard and the handler of one call both see, and no caller can hand in. */
  carrierOf(context: ExecutionContext): object | undefined;
  /** The refusal in the form that a client of this transport reads. */
  refusalOf(exception: BearerTokenException, context: ExecutionContext): Error | Promise<Error>;
}
