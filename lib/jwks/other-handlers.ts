import type { Server } from 'node:http';

import type { HttpServer, LoggerService } from '@nestjs/common';

import { earlierRouteOf } from './express-routes.js';
import { refuseSecondRoute } from './fastify-routes.js';
import { watchFirstAnswer } from './first-answer.js';

const remedy = 'Remove it, or give the JWKS route another path (`jwks: { path }`), or none (`jwks: false`).';

/** A test makes its modules before it has a platform. */
interface AdapterHost {
  readonly httpAdapter: HttpServer | null | undefined;
}

/** Finds what else answers at the path of the JWKS, so that its keys are not taken for those of this module. */
export class OtherHandlers {
  readonly #host: AdapterHost;
  readonly #path: string;
  readonly #log: Pick<LoggerService, 'warn'>;

  constructor(host: AdapterHost, path: string, log: Pick<LoggerService, 'warn'>) {
    this.#host = host;
    this.#path = path;
    this.#log = log;
  }

  /**
   * Before Nest registers its routes.
   *
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION`
   */
  refuse(): void {
    const { httpAdapter } = this.#host;
    if (httpAdapter?.getType() === 'fastify') refuseSecondRoute(httpAdapter.getInstance(), this.#path);
  }

  /** Once it has. */
  warn(hasAnswered: () => boolean, controllersPassOn: boolean): void {
    const { httpAdapter } = this.#host;
    if (!httpAdapter) return;
    const earlier =
      httpAdapter.getType() === 'express'
        ? earlierRouteOf(httpAdapter.getInstance(), this.#path, controllersPassOn)
        : undefined;
    if (earlier) {
      this.#log.warn(
        `The JWKS route ${this.#path} is asked only after ${earlier.handler} at ${earlier.path}, which answers in its ` +
          `place: relying parties take its keys for yours. ${remedy}`,
      );
      return;
    }
    const server = httpAdapter.getHttpServer() as Server | undefined;
    if (!server) return;
    watchFirstAnswer(server, this.#path, hasAnswered, (status) =>
      this.#log.warn(
        `Something else than the JWKS route has answered at ${this.#path}, with status ${status}: a middleware, a hook ` +
          `or a folder of static files. ${remedy}`,
      ),
    );
  }
}
