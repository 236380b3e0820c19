import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Clients that begin a request and never end it. */
export class SlowClients {
  readonly #answers: Promise<string>[];

  private constructor(answers: Promise<string>[]) {
    this.#answers = answers;
  }

  /** Half of them stop within their headers, the others within their body. */
  static async start(port: number, count: number): Promise<SlowClients> {
    const headers =
      'POST /token HTTP/1.1\r\nHost: issuer.example\r\nContent-Type: application/x-www-form-urlencoded\r\n';
    const body = `${headers}Content-Length: 100\r\n\r\ngrant_type=`;
    const answers: Promise<string>[] = [];
    for (let index = 0; index < count; index += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(index % 2 === 0 ? headers : body);
      answers.push(text(socket));
    }
    return new SlowClients(answers);
  }

  /** Resolves when the server has ended all of these requests, to how many of them were told why (408). */
  async toldTooSlow(): Promise<number> {
    const answers = await Promise.all(this.#answers);
    return answers.filter((answer) => answer.startsWith('HTTP/1.1 408 ')).length;
  }
}
