// Answers every request that failed: a person gets a page, a client JSON in the form of RFC 6749 section 5.2.
import { ErrorType, OAuthException } from '@jmondi/oauth2-server';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Injectable,
  Logger,
  NotFoundException,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import { BearerTokenException } from 'nestjs-oidc-key/resource-server';
import { Pages } from '../web/pages.js';
import { clientErrorStatus } from './client-error.js';
import { toErrorDescription } from './error-description.js';
import { TryLaterException } from './try-later.exception.js';
import { withoutQueryParameters } from './without-query-parameters.js';

interface Failure {
  status: number;
  error: string;
  description: string;
}

@Catch()
@Injectable()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  constructor(private readonly pages: Pages) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const failure = describe(error);
    if (failure.status === 500) this.logger.error(withoutQueryParameters(error));
    // The session is stored after the answer; when that fails, there is nothing left to answer.
    if (response.headersSent) return;

    response.set('Cache-Control', 'no-store');
    if (error instanceof TryLaterException) response.set('Retry-After', String(error.seconds));
    if (error instanceof BearerTokenException) response.set('WWW-Authenticate', error.challenge);
    if (isForPerson(request)) this.answerPerson(response, failure, error);
    else answerClient(response, failure, error);
  }

  private answerPerson(response: Response, { status, description }: Failure, error: unknown): void {
    const message = error instanceof NotFoundException ? 'There is no page at this address.' : description;
    // To 401 belongs a challenge, and to the one for clients a browser would ask for a password.
    response.status(status === 401 && !response.hasHeader('WWW-Authenticate') ? 400 : status);
    response.type('html').send(this.pages.render('error', { message }));
  }
}

// Only what a browser visits has a session.
function isForPerson(request: Request & { session?: unknown }): boolean {
  return request.session !== undefined || request.accepts(['json', 'html']) === 'html';
}

function answerClient(
  response: Response,
  { status, error: code, description }: Failure,
  error: unknown,
): void {
  if (status === 401 && !response.hasHeader('WWW-Authenticate')) {
    response.set('WWW-Authenticate', 'Basic realm="oauth"');
  }
  response
    .status(status)
    .json(
      error instanceof BearerTokenException
        ? error.getResponse()
        : { error: code, error_description: toErrorDescription(description) },
    );
}

function describe(error: unknown): Failure {
  if (error instanceof OAuthException && error.status < 500) {
    return {
      status: statusOf(error),
      error: error.errorType,
      description: error.errorDescription ?? error.error,
    };
  }
  if (error instanceof TryLaterException) {
    return { status: error.getStatus(), error: 'temporarily_unavailable', description: error.message };
  }
  const status = clientErrorStatus(error);
  if (status === undefined) {
    return { status: 500, error: 'server_error', description: 'The server failed to answer this request' };
  }
  const description = error instanceof HttpException ? error.message : 'The request cannot be read';
  return { status, error: 'invalid_request', description };
}

// RFC 6749 section 5.2. 4.3.7 answers some other errors with 401 too.
function statusOf(error: OAuthException): 400 | 401 {
  return error.errorType === ErrorType.InvalidClient ? 401 : 400;
}
