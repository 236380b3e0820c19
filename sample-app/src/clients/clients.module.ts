// What the other folders may use of this one.
import { Module } from '@nestjs/common';
import { AllowedOrigins } from './allowed-origins.js';
import { ClientAuthentication } from './client-authentication.js';
import { ClientRepository } from './client.repository.js';

@Module({
  providers: [AllowedOrigins, ClientRepository, ClientAuthentication],
  exports: [ClientRepository, ClientAuthentication],
})
export class ClientsModule {}
