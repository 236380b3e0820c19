/** What is counted of an error: its code where it is one of ours, and nothing that somebody else has written. */
export function outcomeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && /^(?:OIDC_KEY|OIDC_TOKEN|KEY_STORE)_[A-Z_\d]{1,40}$/.test(code))
    return code;
  if (name === 'TimeoutError' || name === 'AbortError') return 'timeout';
  return 'error';
}
