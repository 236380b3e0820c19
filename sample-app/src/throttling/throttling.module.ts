// How many failed attempts are too many, and of whom. Counted in memory, by each server for itself. A storage that they
// share has to answer a limit of nought as that one does, which failed-attempts.ts says.
import { type ExecutionContext, Module } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { ThrottlerModule } from '@nestjs/throttler';
import type { Request } from 'express';
import { readClientCredentials } from '../clients/client-credentials.js';
import type { Settings } from '../settings.js';

const FIVE_MINUTES = 300_000;

/** The limits for the password of one user. */
export const OF_A_USER = ['user at address', 'user'];

@Module({
  imports: [
    ThrottlerModule.forRootAsync({
      inject: [ConfigService],
      useFactory: (config: ConfigService<Settings, true>) => {
        const limit = config.get('FAILED_ATTEMPTS', { infer: true });
        return [
          // First, since nothing is remembered of what it refuses. Behind one address there may be a whole office.
          { name: 'address', limit: 10 * limit, ttl: FIVE_MINUTES },
          { name: 'user at address', limit, ttl: FIVE_MINUTES, ...trackedBy(userAtAddress) },
          // Of those who guess from many addresses. It is higher, for anybody can lock a user out by it.
          { name: 'user', limit: 10 * limit, ttl: FIVE_MINUTES, ...trackedBy(userName) },
          { name: 'client', limit, ttl: FIVE_MINUTES, ...trackedBy(clientAtAddress) },
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

/** Of a sign-in. Other endpoints take no password, whatever else is sent to them. */
function userName(
  request: Request<unknown, unknown, { username?: unknown } | undefined>,
): string | undefined {
  const name = request.path.startsWith('/sign-in/') ? request.body?.username : undefined;
  return typeof name === 'string' ? name : undefined;
}

function userAtAddress(request: Request): string | undefined {
  const name = userName(request);
  return name === undefined ? undefined : `${request.ip} ${name}`;
}

function clientAtAddress(request: Request): string | undefined {
  try {
    return `${request.ip} ${readClientCredentials(request).client_id}`;
  } catch {
    return undefined;
  }
}
