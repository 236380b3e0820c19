// What is answered to whoever may succeed in a while: with the header Retry-After, in seconds.
import { HttpException } from '@nestjs/common';

export class TryLaterException extends HttpException {
  constructor(
    status: 429 | 503,
    readonly seconds: number,
  ) {
    const cause = status === 429 ? 'There were too many failed attempts' : 'The server is busy';
    super(`${cause}. Try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`, status);
  }
}
