// Deletes what has expired, so that the file does not grow for ever.
import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import { and, isNull, lt, or } from 'drizzle-orm';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import { DATABASE, type Database } from './database.js';
import { authCodes, pendingRequests, sessions, tokens } from './schema.js';

const ONE_HOUR = 3_600_000;

/** Deletes what nobody can use any more, at start and every hour, so that the file does not grow for ever. */
@Injectable()
export class ExpiredRows implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger(ExpiredRows.name);
  private timer?: NodeJS.Timeout;

  constructor(@Inject(DATABASE) private readonly database: Database) {}

  async onApplicationBootstrap(): Promise<void> {
    await this.delete();
    this.timer = setInterval(() => {
      this.delete().catch((error: unknown) => this.logger.error(withoutQueryParameters(error)));
    }, ONE_HOUR);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  private async delete(): Promise<void> {
    const now = new Date();
    await this.database.delete(sessions).where(lt(sessions.expiresAt, now));
    await this.database.delete(pendingRequests).where(lt(pendingRequests.expiresAt, now));
    await this.database.delete(authCodes).where(lt(authCodes.expiresAt, now));
    await this.database
      .delete(tokens)
      .where(
        and(
          lt(tokens.accessTokenExpiresAt, now),
          or(isNull(tokens.refreshTokenExpiresAt), lt(tokens.refreshTokenExpiresAt, now)),
        ),
      );
  }
}
