// Slows down whoever guesses passwords or secrets: failed attempts are counted, by @nestjs/throttler, and nothing else,
// so that no client is too busy for it.
import { Injectable } from '@nestjs/common';
import { ThrottlerGuard, type ThrottlerRequest } from '@nestjs/throttler';
import type { Request, Response } from 'express';
import { TryLaterException } from '../http/try-later.exception.js';

// Of a client 401, of a person 403: RFC 9110 section 15.5.2 has no 401 without a challenge.
const FAILED = [401, 403];

@Injectable()
export class FailedAttemptsGuard extends ThrottlerGuard {
  protected override async handleRequest(props: ThrottlerRequest): Promise<boolean> {
    const { context, limit, ttl, throttler, getTracker, generateKey } = props;
    const request = context.switchToHttp().getRequest<Request>();
    const response = context.switchToHttp().getResponse<Response>();
    const name = throttler.name ?? 'default';
    const key = generateKey(context, await getTracker(request, context), name);
    const hit = (most: number) => this.storageService.increment(key, ttl, most, 0, name);

    // A limit of nought counts nothing; it tells what was counted before, and one more for this request.
    const { totalHits, timeToBlockExpire } = await hit(0);
    if (totalHits > limit) throw new TryLaterException(429, timeToBlockExpire);
    response.once('finish', () => {
      if (FAILED.includes(response.statusCode)) void hit(limit);
    });
    return true;
  }
}
