import { OAuthException } from '@jmondi/oauth2-server';
import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Injectable,
  Logger,
} from '@nestjs/common';
import type { Response } from 'express';
import { clientErrorStatus } from '../http/client-error.js';
import { withoutQueryParameters } from '../http/without-query-parameters.js';
import { Pages } from './pages.js';

/** Answers a failed request to a page with a page, because a person is looking at it. */
@Catch()
@Injectable()
export class PageErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(PageErrorFilter.name);

  constructor(private readonly pages: Pages) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    const { status, message } = this.describe(error);
    if (response.headersSent) return;
    response.status(status).send(this.pages.render('error', { message }));
  }

  private describe(error: unknown): { status: number; message: string } {
    const status = clientErrorStatus(error);
    if (status !== undefined) {
      if (error instanceof OAuthException) {
        return { status: 400, message: error.errorDescription ?? error.error };
      }
      if (error instanceof HttpException) return { status, message: error.message };
      return { status, message: 'The request cannot be read.' };
    }
    this.logger.error(withoutQueryParameters(error));
    return { status: 500, message: 'Something went wrong on our side.' };
  }
}
