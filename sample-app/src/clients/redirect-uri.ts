// Compares a redirect_uri with those of the client (RFC 9700 section 2.1, RFC 8252 section 7.3).
const LOOPBACK_URI = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/.*)?$/;

/**
 * Compares as strings (RFC 9700 section 2.1). `@jmondi/oauth2-server` 4.3.7 ignores port and query, with which
 * a code could be sent to another program on the client's host.
 */
export function isRegisteredRedirectUri(requested: string, registered: readonly string[]): boolean {
  return registered.some((uri) => uri === requested || differsOnlyInLoopbackPort(uri, requested));
}

// A native app listens on whatever port is free (RFC 8252 section 7.3).
function differsOnlyInLoopbackPort(uri: string, requested: string): boolean {
  const [, origin, path] = LOOPBACK_URI.exec(uri) ?? [];
  const [, requestedOrigin, requestedPath] = LOOPBACK_URI.exec(requested) ?? [];
  // Not every five digits are a port, and nothing can be sent to an address that has none.
  return (
    origin !== undefined && origin === requestedOrigin && path === requestedPath && URL.canParse(requested)
  );
}
