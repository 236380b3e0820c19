import type { HttpServer } from '@nestjs/common';

import type { JwksRequest, JwksResponse } from './jwks-answer.js';

/** How each platform's response knows its request. */
interface Answering extends JwksResponse {
  readonly req?: JwksRequest;
  readonly request?: JwksRequest;
}

/**
 * Has `answer` called where Nest would have the platform render this view. Nest does that last of all, whatever
 * interceptors made of the handler's value: the headers that they set arrive, however late, and neither what they return
 * nor that one answers in the handler's place changes what is sent. To put the same on each response costs Express a
 * twentieth of its speed.
 */
export function answerAsView(
  adapter: HttpServer,
  view: symbol,
  answer: (request: JwksRequest, response: JwksResponse) => unknown,
): void {
  const render = adapter.render.bind(adapter) as (
    response: unknown,
    view: unknown,
    options: unknown,
  ) => unknown;
  adapter.render = (response: Answering, asked: unknown, options: unknown) => {
    if (asked !== view) return render(response, asked, options);
    // An interceptor may have sent an answer of its own.
    return adapter.isHeadersSent?.(response)
      ? undefined
      : answer((response.request ?? response.req)!, response);
  };
}
