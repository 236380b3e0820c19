import type { ExecutionContext } from '@nestjs/common';

import type { BearerTokenException } from '../bearer-token.js';

/** What the guard has to know of a way in which a call arrives. */
export interface Transport {
  /**
   * What is sent in each place that this transport has for a token; undefined where it has none. What a message says of
   * itself is no such place.
   *
   * @throws BearerTokenException for what is there and is no token
   */
  tokensOf(context: ExecutionContext): readonly (string | undefined)[] | undefined;
  /** Where there is no place for one: how an application gets at its tokens. */
  readonly whereElse: string;
  /**
   * Objects that guard and handler of one call both see, and together no other call of this handler does. No caller can
   * hand them in.
   */
  callOf(context: ExecutionContext): readonly unknown[];
  /** The refusal in the form that a client of this transport reads. */
  refusalOf(exception: BearerTokenException, context: ExecutionContext): Error | Promise<Error>;
}
