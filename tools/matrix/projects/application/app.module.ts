import { Module } from '@nestjs/common';
import { ConfigModule } from '@nestjs/config';
import { OidcKeyModule } from 'nestjs-oidc-key';

import { TokensService } from './tokens.service';

@Module({
  imports: [ConfigModule.forRoot({ isGlobal: true }), OidcKeyModule.forRootAsync()],
  providers: [TokensService],
})
export class AppModule {}
