import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { INestApplication } from '@nestjs/common';

import type { ServerReport } from '../server-process.js';

/** Listens on loopback, and reports to whoever measures: first the port, then the CPU time as often as asked. */
export async function serve(create: () => Promise<INestApplication>): Promise<void> {
  // Whoever measures was killed, and could not end this process itself.
  process.once('disconnect', () => process.exit());
  const app = await create();
  await app.listen(0, '127.0.0.1');
  const report = (message: ServerReport) => process.send?.(message);
  process.on('message', () => report({ cpu: process.cpuUsage() }));
  report({ port: ((app.getHttpServer() as Server).address() as AddressInfo).port });
}
