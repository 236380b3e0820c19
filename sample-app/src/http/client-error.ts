// Tells the failures that are the fault of the request from ours.
import { HttpException } from '@nestjs/common';

/** The status of an error that is the caller's fault: one of Nest's, or one of Express's own body parser. */
export function clientErrorStatus(error: unknown): number | undefined {
  const status = error instanceof HttpException ? error.getStatus() : statusOf(error);
  return status !== undefined && status >= 400 && status < 500 ? status : undefined;
}

function statusOf(error: unknown): number | undefined {
  return error instanceof Error && 'status' in error && typeof error.status === 'number'
    ? error.status
    : undefined;
}
