import { readFileSync } from 'node:fs';

import { Module } from '@nestjs/common';
import { OidcKeyModule } from 'nestjs-oidc-key';

import { TokensService } from './tokens.service';

@Module({
  imports: [OidcKeyModule.forRoot({ key: readFileSync(process.env.OIDC_PRIVATE_KEY_FILE!) })],
  providers: [TokensService],
})
export class AppModule {}
