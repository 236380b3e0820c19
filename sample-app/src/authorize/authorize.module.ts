// What a user's browser visits on the way from an application and back.
import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { OAuthModule } from '../oauth/oauth.module.js';
import { UsersModule } from '../users/users.module.js';
import { WebModule } from '../web/web.module.js';
import { SessionMiddleware } from '../web/session.middleware.js';
import { AuthorizationRequests } from './authorization-requests.js';
import { AuthorizationResponses } from './authorization-responses.js';
import { AuthorizeController } from './authorize.controller.js';
import { AuthorizationSteps } from './authorization-steps.js';
import { ConsentController } from './consent.controller.js';
import { ConsentRepository } from './consent.repository.js';
import { ConsentsController } from './consents.controller.js';
import { PendingRequestRepository } from './pending-request.repository.js';
import { SignInController } from './sign-in.controller.js';
import { EndSessionController } from './end-session.controller.js';

const PAGES = [
  AuthorizeController,
  SignInController,
  ConsentController,
  ConsentsController,
  EndSessionController,
];

@Module({
  imports: [ClientsModule, OAuthModule, UsersModule, WebModule],
  controllers: PAGES,
  providers: [
    AuthorizationRequests,
    AuthorizationResponses,
    AuthorizationSteps,
    ConsentRepository,
    PendingRequestRepository,
  ],
})
export class AuthorizeModule implements NestModule {
  // Only what a browser visits has a session; the endpoints for clients and the API have none to attack.
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(SessionMiddleware).forRoutes(...PAGES);
  }
}
