import { Module } from '@nestjs/common';
import { ClientAuthentication } from './client-authentication.js';
import { ClientRepository } from './client.repository.js';

@Module({
  providers: [ClientRepository, ClientAuthentication],
  exports: [ClientRepository, ClientAuthentication],
})
export class ClientsModule {}
