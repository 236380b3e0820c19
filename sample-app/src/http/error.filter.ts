import { ErrorType, OAuthException } from '@jmondi/oauth2-server';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { BearerTokenException } from 'nestjs-oidc-key/resource-server';
import { clientErrorStatus } from './client-error.js';
import { toErrorDescription } from './error-description.js';
import { withoutQueryParameters } from './without-query-parameters.js';

/** Answers every failed request in the form of RFC 6749 section 5.2, unless a page has a filter of its own. */
@Catch()
export class OAuthErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(OAuthErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof BearerTokenException) {
      response.set('WWW-Authenticate', error.challenge).status(error.getStatus()).json(error.getResponse());
    } else if (error instanceof OAuthException && error.status < 500) {
      this.answer(response, statusOf(error), error.errorType, error.errorDescription ?? error.error);
    } else {
      const status = clientErrorStatus(error);
      if (status !== undefined) {
        const description = error instanceof HttpException ? error.message : 'The request cannot be read';
        this.answer(response, status, 'invalid_request', description);
      } else {
        this.logger.error(withoutQueryParameters(error));
        this.answer(response, 500, 'server_error', 'The server failed to answer this request');
      }
    }
  }

  private answer(response: Response, status: number, error: string, description: string): void {
    // The session is stored after the answer; when that fails, there is nothing left to answer.
    if (response.headersSent) return;
    if (status === 401 && !response.hasHeader('WWW-Authenticate')) {
      response.set('WWW-Authenticate', 'Basic realm="oauth"');
    }
    response
      .status(status)
      .set('Cache-Control', 'no-store')
      .json({ error, error_description: toErrorDescription(description) });
  }
}

// RFC 6749 section 5.2. 4.3.7 answers some other errors with 401 too.
function statusOf(error: OAuthException): 400 | 401 {
  return error.errorType === ErrorType.InvalidClient ? 401 : 400;
}
