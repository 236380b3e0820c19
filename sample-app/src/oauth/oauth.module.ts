// The endpoints for clients, and what they are made of.
import { AuthorizationServer } from '@jmondi/oauth2-server';
import { Module } from '@nestjs/common';
import { ClientsModule } from '../clients/clients.module.js';
import { UsersModule } from '../users/users.module.js';
import { AuthCodeRepository } from './auth-code.repository.js';
import { authorizationServerProvider } from './authorization-server.provider.js';
import { DiscoveryController } from './discovery.controller.js';
import { IdTokenService } from './id-token.service.js';
import { IntrospectionController } from './introspection.controller.js';
import { ProviderMetadata } from './provider-metadata.js';
import { RevocationController } from './revocation.controller.js';
import { ScopeRepository } from './scope.repository.js';
import { TokenController } from './token.controller.js';
import { TokenLookup } from './token-lookup.js';
import { TokenRepository } from './token.repository.js';
import { UserInfoController } from './userinfo.controller.js';

@Module({
  imports: [ClientsModule, UsersModule],
  controllers: [
    DiscoveryController,
    TokenController,
    IntrospectionController,
    RevocationController,
    UserInfoController,
  ],
  providers: [
    authorizationServerProvider,
    IdTokenService,
    ProviderMetadata,
    AuthCodeRepository,
    TokenRepository,
    ScopeRepository,
    TokenLookup,
  ],
  exports: [AuthorizationServer, IdTokenService],
})
export class OAuthModule {}
