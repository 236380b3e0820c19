// Publishes the metadata.
import { Controller, Get, Header } from '@nestjs/common';
import { ProviderMetadata } from './provider-metadata.js';

/** Serves the metadata under the names of both standards that define it. */
@Controller('.well-known')
export class DiscoveryController {
  constructor(private readonly providerMetadata: ProviderMetadata) {}

  @Get(['openid-configuration', 'oauth-authorization-server'])
  @Header('Cache-Control', 'public, max-age=3600')
  @Header('Access-Control-Allow-Origin', '*')
  metadata(): Record<string, unknown> {
    return this.providerMetadata.toJSON();
  }
}
