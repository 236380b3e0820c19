// A job that rotates when Secret Manager of Google says that it is time.
import type { IncomingMessage, ServerResponse } from 'node:http';

import { rotate } from 'nestjs-oidc-key/rotate';
import type { KeyStore } from 'nestjs-oidc-key/rotate';

const mostBytes = 1_000_000;

interface Rotation {
  /** As `OIDC_KEY_STORE` names it. */
  readonly store: string;
  /** Half of the secret's rotation period, in seconds: a message that comes twice rotates once. */
  readonly every: number;
}

/**
 * Answers Pub/Sub, which pushes a message where Secret Manager says that it is time to rotate. Other messages of the topic
 * are taken and left alone, also those that our own write causes. What fails is sent again by Pub/Sub.
 *
 * @param opened a store of one's own client; default: the one that is named
 */
export function answerSecretRotate({ store, every }: Rotation, opened: KeyStore | string = store) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const { eventType, secretId } = attributesIn(await bodyOf(request));
      if (eventType === 'SECRET_ROTATE' && isSecretOf(secretId, store)) {
        const { sentences } = await rotate({ store: opened, every });
        process.stdout.write(`${sentences.join('\n')}\n`);
      }
      response.writeHead(204).end();
    } catch (error) {
      const words =
        error instanceof SyntaxError ? 'This is no message of Pub/Sub.' : (error as Error).message;
      process.stderr.write(`${words}\n`);
      response.writeHead(error instanceof SyntaxError ? 400 : 500).end();
    }
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBytes) throw new SyntaxError('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

interface PushedMessage {
  readonly message?: { readonly attributes?: Readonly<Record<string, string>> };
}

function attributesIn(body: string): Readonly<Record<string, string>> {
  const { message } = Object(JSON.parse(body)) as PushedMessage;
  if (message === undefined) throw new SyntaxError('no message');
  return message.attributes ?? {};
}

/** The message may name the project by its number. */
function isSecretOf(secretId: string | undefined, store: string): boolean {
  const nameIn = (path: string) => /\/(?:locations\/[^/]+\/)?secrets\/[^/#]+/.exec(path)?.[0];
  return secretId !== undefined && nameIn(secretId) !== undefined && nameIn(secretId) === nameIn(store);
}
