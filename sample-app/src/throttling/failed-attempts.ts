// Slows down whoever guesses passwords or secrets: failed attempts are counted, by @nestjs/throttler, and nothing else,
// so that no client is too busy for it.
import { createHash } from 'node:crypto';
import { ErrorType, OAuthException } from '@jmondi/oauth2-server';
import {
  type CallHandler,
  type ExecutionContext,
  HttpException,
  Injectable,
  type NestInterceptor,
} from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { finalize, type Observable, tap } from 'rxjs';
import { TryLaterException } from '../http/try-later.exception.js';
import { OF_A_USER } from './throttling.module.js';

// Of a client 401, of a person 403: RFC 9110 section 15.5.2 has no 401 without a challenge.
const FAILED = [401, 403];

interface Counter {
  key: string;
  count: () => Promise<unknown>;
}

/**
 * Around the handler and not before it: what the handler found is counted, whether or not anybody waits for the answer.
 * Who closes the connection early could else guess for ever.
 */
@Injectable()
export class FailedAttempts extends ThrottlerGuard implements NestInterceptor {
  private readonly counters = new WeakMap<Request, Counter[]>();
  private readonly underWay = new Map<string, number>();

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    this.counters.set(request, []);
    await this.canActivate(context);
    const counters = this.counters.get(request) ?? [];
    const settle = (isFailed: boolean) => {
      if (isFailed) for (const { count } of counters) void count();
    };
    for (const { key } of counters) this.underWay.set(key, this.attemptsUnderWay(key) + 1);
    return next.handle().pipe(
      tap({
        next: () => settle(FAILED.includes(response.statusCode)),
        error: (error) => settle(isFailure(error)),
      }),
      finalize(() => {
        for (const { key } of counters) this.release(key);
      }),
    );
  }

  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, getTracker, generateKey } = props;
    const request = context.switchToHttp().getRequest<Request>();
    const name = throttler.name ?? 'default';
    const key = generateKey(context, await getTracker(request, context), name);
    const hit = (most: number) => this.storageService.increment(key, ttl, most, 0, name);

    // A limit of nought counts nothing; it tells what was counted before, and one more for this request.
    const { totalHits, timeToBlockExpire } = await hit(0);
    // Nobody signs in many times at once. A busy client asks for many tokens at once.
    const underWay = OF_A_USER.includes(name) ? this.attemptsUnderWay(key) : 0;
    if (totalHits + underWay > limit) throw new TryLaterException(429, Math.max(timeToBlockExpire, 1));
    this.counters.get(request)?.push({ key, count: () => hit(limit) });
    return true;
  }

  /** One counter for all endpoints; of names only a hash, which is short whatever was sent. */
  protected override generateKey(_context: ExecutionContext, tracker: string, name: string): string {
    return createHash('sha256').update(`${name} ${tracker}`).digest('base64url');
  }

  private attemptsUnderWay(key: string): number {
    return this.underWay.get(key) ?? 0;
  }

  private release(key: string): void {
    const left = this.attemptsUnderWay(key) - 1;
    if (left > 0) this.underWay.set(key, left);
    else this.underWay.delete(key);
  }
}

function isFailure(error: unknown): boolean {
  if (error instanceof OAuthException) return error.errorType === ErrorType.InvalidClient;
  return error instanceof HttpException && FAILED.includes(error.getStatus());
}
