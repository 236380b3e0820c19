import { OidcKeyError } from '../core/errors.js';
import { isJwksRoute } from '../jwks/route-marker.js';
import { takesAccessToken } from './access-token.decorators.js';
import { accessTo } from './declarations.js';
import { isOurs } from './guards.js';
import { isGateway, isGatewayMessage, isMessageHandler } from './unguarded.js';

/** @internal */
export interface DeclarationsLogger {
  warn(message: string): void;
}

/** What of an application the check needs to know beside its classes. */
export interface Surroundings {
  readonly globalGuards: readonly unknown[];
  /** Those of them that Nest asks for the messages of a gateway. */
  readonly guardsOfGateways: readonly unknown[];
  readonly fieldsAreGuarded: boolean;
  /** Whether messages may arrive by a microservice that knows nothing of the application's global guards. */
  readonly isHybrid: boolean;
  readonly logger: DeclarationsLogger;
}

/** A class of an application. */
export type Class = object & { readonly name: string; readonly prototype: object };

export interface Method {
  readonly where: string;
  readonly type: Class;
  readonly name: string | symbol;
  readonly method: object;
  /** Those that stand on it and on its class. */
  readonly guards: readonly unknown[];
}

/**
 * Whether a guard of ours is asked before a method that needs one. Returns its name where that cannot be known.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT`
 */
export function checkGuards(
  { where, type, name, method, guards: own }: Method,
  { globalGuards, guardsOfGateways, isHybrid, logger }: Surroundings,
): string[] {
  const guards = [...own, ...(isGateway(type) ? guardsOfGateways : globalGuards)];
  const isMessage = isGateway(type) && isGatewayMessage(method);
  const access = accessTo(type, method);
  if (guards.some(isOurs) && access.kind === 'required' && isJwksRoute(method)) {
    logger.warn(
      'The JWKS route needs an access token, so that other servers cannot fetch the keys. Give OidcKeyModule ' +
        '`jwks: { decorators: [Public()] }`, beside its factory.',
    );
  }
  if (access.kind === 'public' || own.some(isOurs)) return [];
  if (guards.some(isOurs)) return isHybrid && isMessageHandler(method) ? [where] : [];
  const remedy =
    isMessage && globalGuards.length > 0
      ? 'Add @UseGuards(AccessTokenGuard): Nest 11 asks no global guard for the messages of a gateway.'
      : 'Add @UseGuards(AccessTokenGuard), or make the guard global.';
  if (access.kind === 'required' && access.scopes.length > 0) {
    const whose =
      guards.length === 0
        ? 'no guard is there that'
        : 'none of its guards is AccessTokenGuard, extends it or has it injected: nobody';
    throw conflict(`${where} asks for scopes, and ${whose} would look at them. ${remedy}`);
  }
  if (access.kind === 'optional') {
    throw conflict(
      `${where} has @OptionalAccessToken(), and no guard is there that would look at a token. ${remedy}`,
    );
  }
  if (isMessage && globalGuards.some(isOurs)) {
    logger.warn(
      `${where} is open to everybody although AccessTokenGuard is global: Nest 11 asks no global guard for the messages of a ` +
        'gateway. Add @UseGuards(AccessTokenGuard), or say @Public().',
    );
  } else if (takesAccessToken(type, name)) {
    logger.warn(
      `${where} takes @AccessToken(), and no guard is there that would verify one, so that it is always undefined. ${remedy}`,
    );
  }
  return [];
}

export function conflict(message: string): OidcKeyError {
  return new OidcKeyError('OIDC_KEY_CONFLICT', message);
}
