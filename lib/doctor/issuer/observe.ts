import { isAnswer } from '../../network/answer.js';
import { ask } from '../../network/ask.js';
import type { AskOptions } from '../../network/ask.js';
import { metadataOf, seenDocument } from './observation.js';
import type { MetadataStandard, Observation, SeenDocument } from './observation.js';

/** How an issuer is looked at. */
export interface ObserveOptions extends Pick<AskOptions, 'resolve' | 'ca'> {
  /** Milliseconds for each request. */
  readonly deadline: number;
  /** How often the JWKS is asked for. */
  readonly requests: number;
  /** The address of the JWKS where there are no metadata to look at. */
  readonly jwksUri?: string | undefined;
}

/** Asks an issuer for its metadata and its keys, as a relying party does. It never throws. */
export async function observe(issuer: string, options: ObserveOptions): Promise<Observation> {
  const { resolve, ca, deadline } = options;
  // The caller named it; everything else was named by a document.
  const named = options.jwksUri ?? issuer;
  const trustedHost = URL.canParse(named) ? new URL(named).hostname : undefined;
  const asking = { resolve, ca, deadline, trustedHost };
  const { discovery, standard } =
    options.jwksUri === undefined
      ? await metadataFrom(issuer, asking)
      : { discovery: undefined, standard: 'RFC 8414' as const };
  const address = options.jwksUri ?? jwksAddress(issuer, discovery);
  const jwks: SeenDocument[] = [];
  // RFC 8414 does not ask for a jwks_uri, and a guess is none.
  const isGuess = options.jwksUri === undefined && metadataOf({ discovery })?.jwks_uri === undefined;
  const requests = standard === 'RFC 8414' && isGuess ? 0 : options.requests;
  for (let count = 0; count < requests; count++) {
    const document = seenDocument('jwks', await ask(address, asking));
    jwks.push(document);
    // Where nobody is, nobody is asked again.
    if (!isAnswer(document.answer)) break;
  }
  return { issuer, standard, discovery, jwks };
}

async function metadataFrom(
  issuer: string,
  asking: AskOptions,
): Promise<{ discovery: SeenDocument; standard: MetadataStandard }> {
  const openId = await ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, asking);
  const discovery = seenDocument('discovery', openId);
  const first = { discovery, standard: 'OpenID Connect Discovery' as const };
  // Some answer everything that is not there with a page.
  const isAbsent =
    isAnswer(openId) &&
    (openId.status === 200 ? discovery.text !== undefined && !isJson(discovery) : openId.status < 500);
  if (!isAbsent || !URL.canParse(issuer)) return first;
  // RFC 8414 section 3.1: between the host and the path.
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  const oauth = await ask(`${origin}/.well-known/oauth-authorization-server${path}`, asking);
  const other = seenDocument('discovery', oauth);
  const isThere = isAnswer(oauth) && oauth.status === 200 && isJson(other);
  return isThere ? { discovery: other, standard: 'RFC 8414' } : first;
}

function isJson({ json, nestsTooDeep }: SeenDocument): boolean {
  return json !== undefined || nestsTooDeep;
}

/** What the metadata name, else where this module and most others serve it. */
function jwksAddress(issuer: string, discovery: SeenDocument | undefined): string {
  const named = metadataOf({ discovery })?.jwks_uri;
  return typeof named === 'string' && named !== ''
    ? named
    : `${issuer.replace(/\/$/, '')}/.well-known/jwks.json`;
}
