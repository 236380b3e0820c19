import 'reflect-metadata';

import { NestFactory } from '@nestjs/core';
import { JwtService, KeyRotation, OidcKeyModule } from 'nestjs-oidc-key';

import { payload } from '../contender.js';
import { makeKey, privatePem } from '../keys.js';
import type { MemoryReport } from '../measures/memory.js';

const duration = 60_000;
const signatures = 50_000;
const samples = 60;

const [first, second] = [makeKey('RSA-2048'), makeKey('RSA-2048')];
const previous = privatePem(makeKey('P-256'));
let reloads = 0;
const load = () =>
  Promise.resolve({ current: first, next: reloads % 2 === 0 ? undefined : second, previous } as never);
const app = await NestFactory.createApplicationContext(OidcKeyModule.forRoot({ source: { load } }), {
  logger: false,
});
const [jwt, rotation] = [app.get(JwtService), app.get(KeyRotation)];

let signed = 0;
const start = performance.now();
const progress = () => Math.min((performance.now() - start) / duration, signed / signatures);

async function sign(): Promise<void> {
  while (progress() < 1) {
    await jwt.sign({ ...payload, jti: String(signed) });
    signed += 1;
  }
}

async function reload(): Promise<void> {
  while (progress() < 1) {
    reloads += 1;
    if (!(await rotation.reload())) throw new Error('a reload failed');
  }
}

const heap: number[] = [];
async function sample(): Promise<void> {
  for (let count = 1; count <= samples; count++) {
    while (progress() < count / samples) await new Promise((resolve) => setTimeout(resolve, 20));
    globalThis.gc!();
    heap.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
}

await Promise.all([...Array.from({ length: 8 }, sign), reload(), sample()]);
await app.close();
const report: MemoryReport = { signed, reloads, heap };
process.stdout.write(JSON.stringify(report));
