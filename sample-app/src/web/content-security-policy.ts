// What a page may load and where its forms may lead.
const POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** The policy of the pages; the forms of a page may lead to this server and, if given, to that address. */
export function contentSecurityPolicy(formTarget?: string): string {
  const target = formTarget === undefined ? '' : ` ${toSource(new URL(formTarget))}`;
  return `${POLICY}; form-action 'self'${target}`;
}

// The syntax of the policy has no IPv6 addresses, and an app's own scheme has no origin.
function toSource({ origin, protocol, hostname }: URL): string {
  return origin === 'null' || hostname.startsWith('[') ? protocol : origin;
}
