// Ends connections at SIGTERM, without losing an answer that is under way.
import type { Server, ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';

// Clients that use a connection all the time have sent their next request by then.
const NOTICE = 200;
// Longer than any answer here takes, and shorter than platforms wait before they kill (Docker: 10 seconds).
const GRACE_PERIOD = 3_000;

/**
 * Sees to it that a shutdown answers the requests that are under way, and ends. By itself Node breaks off a
 * connection whose next request it has not read yet, and waits for one that is in use for as long as its client likes.
 */
@Injectable()
export class OrderlyShutdown implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly underWay = new Set<ServerResponse>();
  private isEnding = false;

  constructor(private readonly adapterHost: HttpAdapterHost) {}

  onApplicationBootstrap(): void {
    this.server.prependListener('request', (_request, response) => {
      if (this.isEnding) announceEnd(response);
      this.underWay.add(response);
      response.once('close', () => this.underWay.delete(response));
    });
  }

  // Nest closes the HTTP server after this.
  async beforeApplicationShutdown(): Promise<void> {
    this.isEnding = true;
    this.underWay.forEach(announceEnd);
    // For requests that never come to their end: a closed server no longer looks for those that take too long.
    setTimeout(() => this.server.closeAllConnections(), GRACE_PERIOD).unref();
    await wait(NOTICE);
  }

  private get server(): Server {
    return this.adapterHost.httpAdapter.getHttpServer();
  }
}

// The client sends its next request on a new connection, so that nothing is lost when this one is closed.
function announceEnd(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
