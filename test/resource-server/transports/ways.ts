import { once } from 'node:events';

import { expect } from '@jest/globals';
import { ClientProxyFactory, Transport } from '@nestjs/microservices';
import { createClient } from 'graphql-ws';
import { firstValueFrom } from 'rxjs';
import { io } from 'socket.io-client';
import { WebSocket } from 'ws';

import type { Handler } from './handlers.js';

export interface Server {
  readonly url: string;
  /** Where it takes messages over TCP. */
  readonly port: number;
}

/** What a client of one transport sees. */
export type Answer = { readonly value: unknown } | { readonly error: unknown };

export interface Refusal {
  readonly statusCode: number;
  readonly message: string;
  readonly [member: string]: unknown;
}

/** A way in which a call and its token arrive. */
export interface Way {
  readonly name: string;
  /** What the guard has to be told to find a token there. */
  readonly needs: 'nothing' | 'getToken' | 'getToken and WsAdapter';
  readonly call: (
    server: Server,
    handler: Handler,
    token: string | undefined,
    message?: object,
  ) => Promise<Answer>;
  /** A refusal as a client of this transport sees it. */
  readonly errorOf: (refusal: Refusal) => unknown;
}

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { authorization: `Bearer ${token}` };

async function http({ url }: Server, handler: Handler, token?: string, message?: object): Promise<Answer> {
  const headers = { ...bearer(token), 'content-type': 'application/json' };
  const response = await fetch(`${url}/${handler}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(message ?? {}),
  });
  const text = await response.text();
  return response.ok ? { value: text } : { error: JSON.parse(text) };
}

interface GraphqlResult {
  readonly data?: Record<string, unknown> | null;
  readonly errors?: readonly unknown[];
}

export async function graphql(
  { url }: Server,
  query: string,
  token?: string,
  message?: object,
): Promise<GraphqlResult> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...bearer(token), 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { message }, extensions: message }),
  });
  return (await response.json()) as GraphqlResult;
}

function graphqlAnswer({ data, errors }: GraphqlResult): Answer {
  return errors ? { error: errors } : { value: Object.values(data!)[0] };
}

const operation = (type: string, field: string) => `${type} ($message: JSON) { ${field}(message: $message) }`;

interface Connecting {
  readonly headers?: Record<string, string> | undefined;
  readonly connectionParams?: Record<string, unknown> | undefined;
  readonly query?: string;
}

export async function subscribe(
  { url }: Server,
  field: string,
  { headers = {}, connectionParams = {}, query: inAddress = '' }: Connecting,
  message?: object,
): Promise<Answer> {
  class WithHeaders extends WebSocket {
    constructor(address: string, protocols: string) {
      super(address, protocols, { headers });
    }
  }
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql?${inAddress}`,
    webSocketImpl: WithHeaders,
    connectionParams,
    retryAttempts: 0,
  });
  const query = operation('subscription', field);
  const results = client.iterate({ query, variables: { message }, extensions: message as never });
  try {
    const { value } = await results.next();
    return graphqlAnswer(value as GraphqlResult);
  } catch (error) {
    return { error };
  } finally {
    await client.dispose();
  }
}

interface Handshake {
  readonly extraHeaders?: Record<string, string>;
  readonly auth?: Record<string, unknown>;
  readonly query?: Record<string, string>;
}

export async function socketIo(
  { url }: Server,
  handler: string,
  handshake: Handshake,
  message?: object,
): Promise<Answer> {
  const socket = io(url, { ...handshake, transports: ['websocket'], forceNew: true, reconnection: false });
  try {
    return await emit(socket, handler, message);
  } finally {
    socket.close();
  }
}

export function emit(socket: ReturnType<typeof io>, handler: string, message?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    socket.once('answer', (value: unknown) => resolve({ value }));
    socket.once('exception', (error: unknown) => resolve({ error }));
    socket.once('connect_error', reject);
    socket.emit(handler, message ?? {});
  });
}

async function ws(
  { url }: Server,
  handler: Handler,
  headers: Record<string, string>,
  message?: object,
): Promise<Answer> {
  const client = new WebSocket(url.replace('http', 'ws'), { headers });
  try {
    await once(client, 'open');
    client.send(JSON.stringify({ event: handler, data: message ?? {} }));
    const [answer] = (await once(client, 'message')) as [Buffer];
    const { event, data } = JSON.parse(answer.toString()) as { event: string; data: unknown };
    return event === 'exception' ? { error: data } : { value: data };
  } finally {
    client.close();
  }
}

async function tcp({ port }: Server, handler: Handler, message?: object): Promise<Answer> {
  const client = ClientProxyFactory.create({
    transport: Transport.TCP,
    options: { host: '127.0.0.1', port },
  });
  try {
    return { value: await firstValueFrom(client.send<unknown>(handler, message ?? {})) };
  } catch (error) {
    return { error };
  } finally {
    await client.close();
  }
}

const codes: Record<number, string> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHENTICATED',
  403: 'FORBIDDEN',
  503: 'SERVICE_UNAVAILABLE',
};

function graphqlErrors(refusal: Refusal): unknown {
  const { statusCode, message, ...members } = refusal;
  const extensions = { code: codes[statusCode], ...members };
  return [{ message, extensions, locations: expect.any(Array), path: expect.any(Array) }];
}
const body = (refusal: Refusal): unknown => refusal;

export const ways: readonly Way[] = [
  { name: 'HTTP', needs: 'nothing', call: http, errorOf: body },
  {
    name: 'a GraphQL query',
    needs: 'nothing',
    call: async (server, handler, token, message) =>
      graphqlAnswer(await graphql(server, operation('query', handler), token, message)),
    errorOf: graphqlErrors,
  },
  {
    name: 'a GraphQL mutation',
    needs: 'nothing',
    call: async (server, handler, token, message) =>
      graphqlAnswer(await graphql(server, operation('mutation', `do_${handler}`), token, message)),
    errorOf: graphqlErrors,
  },
  {
    name: 'a GraphQL subscription, with a header',
    needs: 'nothing',
    call: (server, handler, token, message) =>
      subscribe(
        server,
        `on_${handler}`,
        { headers: bearer(token), connectionParams: { ...message } },
        message,
      ),
    errorOf: graphqlErrors,
  },
  {
    name: 'a GraphQL subscription, with connectionParams',
    needs: 'nothing',
    call: (server, handler, token, message) =>
      subscribe(server, `on_${handler}`, { connectionParams: { ...message, ...bearer(token) } }, message),
    errorOf: graphqlErrors,
  },
  {
    name: 'socket.io, with a header',
    needs: 'nothing',
    call: (server, handler, token, message) =>
      socketIo(server, handler, { extraHeaders: bearer(token), auth: { ...message } }, message),
    errorOf: body,
  },
  {
    name: 'socket.io, with auth.token',
    needs: 'nothing',
    call: (server, handler, token, message) =>
      socketIo(server, handler, { auth: { ...message, ...(token === undefined ? {} : { token }) } }, message),
    errorOf: body,
  },
  {
    name: 'ws, with getToken',
    needs: 'getToken and WsAdapter',
    call: (server, handler, token, message) => ws(server, handler, bearer(token), message),
    errorOf: body,
  },
  {
    name: 'TCP, with getToken',
    needs: 'getToken',
    call: (server, handler, token, message) => tcp(server, handler, { ...message, token }),
    errorOf: body,
  },
];
