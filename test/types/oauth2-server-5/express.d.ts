// The same for its adapter.
import type { Request, Response } from 'express';

import type { OAuthRequest, OAuthResponse } from './index.js';

export declare function requestFromExpress(request: Request): OAuthRequest;
export declare function handleExpressResponse(response: Response, answer: OAuthResponse): void;
export declare function handleExpressError(error: unknown, response: Response): void;
