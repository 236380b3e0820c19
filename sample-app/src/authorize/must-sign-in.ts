// Says whether a sign-in is fresh enough for what a request asks.
import type { SessionData } from 'express-session';
import { type CheckedParameters, hasPrompt } from './authorization-parameters.js';

/** Whether the user has to sign in for this request, although there may be a session (OpenID Connect Core 3.1.2.1). */
export function mustSignIn(
  parameters: CheckedParameters,
  requestedAt: Date,
  session: Partial<SessionData>,
): boolean {
  if (session.userId === undefined || session.signedInAt === undefined) return true;

  // Measured against the arrival of the request: a sign-in that came after it has answered it.
  const age = requestedAt.getTime() - session.signedInAt;
  if (age < 0) return false;
  if (hasPrompt(parameters, 'login') || hasPrompt(parameters, 'select_account')) return true;
  return parameters.max_age !== undefined && age > Number(parameters.max_age) * 1000;
}
