import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';

import type { Sample } from '../sample/sample-server.js';
import { until } from '../support/waiting.js';

/** A connection on which anything may be said, whole or half. */
export class RawConnection {
  /** All that the server said. */
  received = '';

  private constructor(private readonly socket: Socket) {
    socket.on('data', (chunk: Buffer) => (this.received += chunk.toString('latin1')));
    // A server that has heard enough may reset the connection; whether it answered before is what matters.
    socket.on('error', () => undefined);
  }

  static async open({ port }: Sample): Promise<RawConnection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  get isClosed(): boolean {
    return this.socket.closed;
  }

  /** The status of each answer so far. */
  get statuses(): number[] {
    return [...this.received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
  }

  send(text: string): void {
    this.socket.write(text);
  }

  async untilAnswered(): Promise<void> {
    await until(() => this.statuses.length > 0 && /\r\n\r\n/.test(this.received));
  }

  async untilClosed(): Promise<void> {
    await until(() => this.isClosed);
  }

  /** Goes away without a word, as a browser whose tab is closed. */
  destroy(): void {
    this.socket.destroy();
  }
}

/** The text of a request; what it lacks, or has too much of, is the test's business. */
export function requestText(line: string, headers: Record<string, string | number>, body = ''): string {
  const fields = Object.entries({ Host: 'issuer.example', ...headers });
  return [`${line} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`), '', body].join('\r\n');
}

export function formText(path: string, body: string, headers: Record<string, string | number> = {}): string {
  return requestText(
    `POST ${path}`,
    {
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
      ...headers,
    },
    body,
  );
}
