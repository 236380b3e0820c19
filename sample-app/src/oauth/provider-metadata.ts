// Describes this server to its clients.
import { Injectable } from '@nestjs/common';
import { ConfigService } from '@nestjs/config';
import { KeyInfo } from 'nestjs-oidc-key';
import type { Settings } from '../settings.js';
import { ACR } from './id-token.service.js';
import { CLAIMS, SCOPES } from './scopes.js';

/** The server's metadata (OpenID Connect Discovery section 3, RFC 8414). */
@Injectable()
export class ProviderMetadata {
  private readonly issuer: string;

  constructor(
    private readonly keyInfo: KeyInfo,
    config: ConfigService<Settings, true>,
  ) {
    this.issuer = config.get('ISSUER', { infer: true });
  }

  toJSON(): Record<string, unknown> {
    return {
      ...this.customMetadata(),
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      jwks_uri: `${this.issuer}/.well-known/jwks.json`,
      introspection_endpoint: `${this.issuer}/introspect`,
      end_session_endpoint: `${this.issuer}/end-session`,
      revocation_endpoint: `${this.issuer}/revoke`,
      scopes_supported: [...SCOPES.keys()],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'client_credentials', 'refresh_token'],
      code_challenge_methods_supported: ['S256'],
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      subject_types_supported: ['public'],
      // From the keys themselves, so that the document can't promise what no key can sign.
      id_token_signing_alg_values_supported: this.keyInfo.algorithms,
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
      acr_values_supported: [ACR],
      claim_types_supported: ['normal'],
      claims_supported: [
        'iss',
        'sub',
        'aud',
        'exp',
        'iat',
        'auth_time',
        'nonce',
        'at_hash',
        'acr',
        'amr',
        'sid',
        ...CLAIMS,
      ],
      authorization_response_iss_parameter_supported: true,
      claims_parameter_supported: true,
      request_parameter_supported: false,
      request_uri_parameter_supported: false,
    };
  }

  /** The place for members of your own. What is above is set afterwards and can't be changed here. */
  protected customMetadata(): Record<string, unknown> {
    return {};
  }
}
