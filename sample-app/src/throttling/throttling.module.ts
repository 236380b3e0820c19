// How many failed attempts are too many, and of whom. Counted in memory, by each server for itself. A storage that they
// share has to answer a limit of nought as that one does, which failed-attempts.guard.ts says.
import { type ExecutionContext, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Request } from 'express';
import { readClientCredentials } from '../clients/client-credentials.js';
import type { Settings } from '../settings.js';

const FIVE_MINUTES = 300_000;

@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService<Settings, true>) => {
        const limit = config.get('FAILED_ATTEMPTS', { infer: true });
        return [
          { name: 'user', limit, ttl: FIVE_MINUTES, ...trackedBy(userName) },
          { name: 'client', limit, ttl: FIVE_MINUTES, ...trackedBy(clientAtAddress) },
          // Behind one address there may be a whole office.
          { name: 'address', limit: 10 * limit, ttl: FIVE_MINUTES },
        ];
      },
    }),
  ],
})
export class ThrottlingModule {}

type Tracker = (request: Request) => string | undefined;

/** Where the request has no such thing, it is not counted under it. */
function trackedBy(tracker: Tracker) {
  return {
    getTracker: (request: object) => tracker(request as Request) ?? '',
    skipIf: (context: ExecutionContext) =>
      tracker(context.switchToHttp().getRequest<Request>()) === undefined,
  };
}

function userName({
  body,
}: Request<unknown, unknown, { username?: unknown } | undefined>): string | undefined {
  return typeof body?.username === 'string' ? body.username : undefined;
}

function clientAtAddress(request: Request): string | undefined {
  try {
    return `${readClientCredentials(request).client_id} ${request.ip}`;
  } catch {
    return undefined;
  }
}
