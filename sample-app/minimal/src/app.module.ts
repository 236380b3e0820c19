import { AuthorizationServer } from '@jmondi/oauth2-server';
import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { JwtService, OidcKeyModule } from 'nestjs-oidc-key';

import { OAuthController } from './oauth.controller.js';
import { clients, codes, scopes, tokens, users } from './repositories.js';

@Module({
  imports: [
    ConfigModule.forRoot({ isGlobal: true }),
    OidcKeyModule.forRootAsync({
      // What every access token says: who it is for, and which client it was given to (RFC 9068).
      useFactory: () => ({
        extraTokenFields: ({ client }) => ({ aud: 'https://api.example', client_id: client.id }),
      }),
    }),
  ],
  controllers: [OAuthController],
  providers: [
    {
      provide: AuthorizationServer,
      inject: [JwtService],
      useFactory: (jwt: JwtService) => {
        const issuer = process.env.ISSUER ?? 'http://localhost:3000';
        const server = new AuthorizationServer(clients, tokens, scopes, jwt, { issuer });
        const codeFlow = { authCodeRepository: codes, userRepository: users };
        server.enableGrantTypes('client_credentials', { grant: 'authorization_code', ...codeFlow });
        return server;
      },
    },
  ],
})
export class AppModule {}
