import { jwtVerify } from 'jose';

import { OidcTokenError } from '../../../lib/core/errors.js';
import { kindOf } from './differences.js';
import { tokenOf } from './made-token.js';
import { signers } from './signers.js';
import type { Signer } from './signers.js';
import { now } from './token-recipes.js';
import type { Rules, TokenRecipe } from './token-recipes.js';

export interface Verdict {
  /** What was accepted. */
  readonly claims?: unknown;
  /** Why it was not. */
  readonly code?: string;
}

async function verdictOfOurs({ service }: Signer, token: string, rules: Rules): Promise<Verdict> {
  try {
    return { claims: await service.verify(token, { ...rules, clockTimestamp: now }) };
  } catch (error) {
    if (error instanceof OidcTokenError) return { code: error.code };
    throw error;
  }
}

async function verdictOfJose(
  { publicKey, algorithms }: Signer,
  token: string,
  rules: Rules,
): Promise<Verdict> {
  const { maxAge, ...others } = rules;
  const options = { ...others, algorithms, currentDate: new Date(now * 1000) };
  try {
    const { payload } = await jwtVerify(token, publicKey, {
      ...options,
      ...(maxAge !== undefined && { maxTokenAge: maxAge }),
    });
    return { claims: payload };
  } catch (error) {
    return { code: String((error as { code?: unknown }).code) };
  }
}

/** What came of a case: `accepted`, `refused`, or `stricter: ` and the kind of the difference. */
export type Finding = { readonly outcome: string } | { readonly failure: string };

/** Has both say what they make of one token. */
export async function compared(recipe: TokenRecipe): Promise<Finding> {
  const signer = signers[recipe.signer]!;
  const token = await tokenOf(recipe);
  const [ours, joses] = await Promise.all([
    verdictOfOurs(signer, token, recipe.rules),
    verdictOfJose(signer, token, recipe.rules),
  ]);
  if (ours.claims !== undefined) {
    if (joses.claims === undefined) return { failure: `we accept what jose refuses as ${joses.code}` };
    return JSON.stringify(ours.claims) === JSON.stringify(joses.claims)
      ? { outcome: 'accepted' }
      : { failure: 'we read other claims than jose' };
  }
  if (joses.claims === undefined) return { outcome: 'refused' };
  const kind = kindOf(token, signer.kid, ours);
  return kind === undefined
    ? { failure: `we refuse as ${ours.code} what jose accepts, and nothing explains it` }
    : { outcome: `stricter: ${kind}` };
}
