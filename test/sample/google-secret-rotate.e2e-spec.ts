import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';

import { init } from '../../lib/rotate/index.js';
import { answerSecretRotate } from '../../sample-app/recipes/google-secret-rotate/secret-rotate.js';
import { gcpSecretManagerUnderTest } from '../support/stores/gcp-secret-manager.under-test.js';
import type { PlaceUnderTest, RunningStore } from '../support/stores/store-under-test.js';

let running: RunningStore;
let place: PlaceUnderTest;
let server: Server;

const numberOfKeys = async () => (JSON.parse((await place.content())!) as { keys: object[] }).keys.length;

beforeEach(async () => {
  for (const stream of [process.stdout, process.stderr]) jest.spyOn(stream, 'write').mockReturnValue(true);
  running = await gcpSecretManagerUnderTest.start();
  place = await running.place();
  // The store is what the reference names, on a client that comes to the double.
  const answer = answerSecretRotate({ store: place.reference, every: 1 }, place.open());
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  jest.restoreAllMocks();
  server.close();
  await running.stop();
});

async function push(body: unknown): Promise<number> {
  const { port } = server.address() as AddressInfo;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { status } = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: text });
  return status;
}

/** As https://cloud.google.com/secret-manager/docs/event-notifications has it, in the form of a push. */
const message = (eventType: string, secretId: string) => ({
  message: {
    attributes: { eventType, secretId, dataFormat: 'JSON_API_V1' },
    data: Buffer.from('{}').toString('base64'),
    messageId: '1',
  },
  subscription: 'projects/a-project/subscriptions/rotate',
});

it('rotates where it is time, once however often it is told, and leaves everything else alone', async () => {
  await init({ store: place.open(), algorithm: 'ES256' });
  const [, secret] = place.reference.split(':') as [string, string];
  expect(await push(message('SECRET_VERSION_ADD', secret))).toBe(204);
  expect(await push(message('SECRET_ROTATE', `${secret}-other`))).toBe(204);
  expect(await push({ message: { attributes: { eventType: 'TOPIC_CONFIGURED' } } })).toBe(204);
  expect(await numberOfKeys()).toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 1100));
  expect(await push(message('SECRET_ROTATE', secret.replace('a-project', '123456789012')))).toBe(204);
  expect(await push(message('SECRET_ROTATE', secret))).toBe(204);
  expect(await numberOfKeys()).toBe(2);
});

it('asks to be told again where it fails, and not where the message is none', async () => {
  const [, secret] = place.reference.split(':') as [string, string];
  expect(await push(message('SECRET_ROTATE', secret))).toBe(500);
  for (const body of ['', '<html>', '{}', '[]', 'null']) expect(await push(body)).toBe(400);
});
