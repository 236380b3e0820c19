// The errors that a client is told of.

/** An error that is reported to the client, by a redirect (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6). */
export class AuthorizationError extends Error {
  override readonly name = 'AuthorizationError';

  constructor(
    readonly error:
      | 'access_denied'
      | 'consent_required'
      | 'invalid_request'
      | 'invalid_scope'
      | 'login_required'
      | 'request_not_supported'
      | 'request_uri_not_supported'
      | 'unauthorized_client'
      | 'unmet_authentication_requirements'
      | 'unsupported_response_type',
    readonly description?: string,
  ) {
    super(description ?? error);
  }
}
