import type { Server } from 'node:http';

import type { HttpServer, LoggerService } from '@nestjs/common';

import { earlierRouteOf } from './express-routes.js';
import { refuseSecondRoute } from './fastify-routes.js';
import { watchFirstAnswer } from './first-answer.js';

const remedy = 'Remove it, or give the JWKS route another path (`jwks: { path }`), or none (`jwks: false`).';

/** Finds what else answers at the path of the JWKS, so that its keys are not taken for those of this module. */
export class OtherHandlers {
  readonly #adapter: HttpServer | null | undefined;
  readonly #path: string;
  readonly #log: Pick<LoggerService, 'warn'>;

  constructor(adapter: HttpServer | null | undefined, path: string, log: Pick<LoggerService, 'warn'>) {
    this.#adapter = adapter;
    this.#path = path;
    this.#log = log;
  }

  /**
   * Before Nest registers its routes.
   *
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
   */
  refuse(): void {
    if (this.#adapter?.getType() === 'fastify') refuseSecondRoute(this.#adapter.getInstance(), this.#path);
  }

  /** Once it has. */
  warn(hasAnswered: () => boolean): void {
    const earlier =
      this.#adapter?.getType() === 'express'
        ? earlierRouteOf(this.#adapter.getInstance(), this.#path)
        : undefined;
    if (earlier) {
      this.#log.warn(
        `The JWKS route ${this.#path} is asked only after ${earlier.handler} at ${earlier.path}, which answers in its ` +
          `place. ${remedy}`,
      );
      return;
    }
    const server = this.#adapter?.getHttpServer() as Server | undefined;
    if (!server) return;
    watchFirstAnswer(server, this.#path, hasAnswered, (status) =>
      this.#log.warn(
        `Something else than the JWKS route has answered at ${this.#path}, with status ${status}: a middleware, a hook ` +
          `or a folder of static files. ${remedy}`,
      ),
    );
  }
}
