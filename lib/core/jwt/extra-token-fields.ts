import { OidcKeyError, OidcTokenError } from '../errors.js';
import { isObject } from '../objects.js';
import { ownMembersOf } from './own-members.js';

/** What `@jmondi/oauth2-server` tells about the access token that is being made. */
export interface ExtraTokenFieldsArguments {
  user?: { id: string | number; [field: string]: unknown } | null | undefined;
  client: { id: string; [field: string]: unknown };
  originatingAuthCodeId?: string | undefined;
}

/** Claims to add to an access token. They win over `iss` and `aud`, not over what the grant itself sets. */
export type ExtraTokenFields = Record<string, string | number | boolean | (string | number | boolean)[]>;

// A method, and not a function type: the parameter of a method may be typed with a subtype, as it may where
// `@jmondi/oauth2-server` itself declares this hook.
/** @inline */
interface ExtraTokenFieldsHook {
  /** Called for every access token; resolves to the claims to add. */
  extraTokenFields(args: ExtraTokenFieldsArguments): ExtraTokenFields | Promise<ExtraTokenFields>;
}

/**
 * The hook that `@jmondi/oauth2-server` calls for every access token. Its parameter may be typed with the server's own
 * `ExtraAccessTokenFieldArgs`, of 4.3.7 or 5.
 */
export type ExtraTokenFieldsFunction = ExtraTokenFieldsHook['extraTokenFields'];

/**
 * `@jmondi/oauth2-server` redeems codes and refresh tokens by the first three, so an access token that carried one
 * could be redeemed as what it is not; the other two would make it look like an ID token.
 */
const reservedFields = ['auth_code_id', 'refresh_token_id', 'access_token_id', 'nonce', 'at_hash'] as const;

/**
 * The hook of a service, made to refuse reserved claims: the option `extraTokenFields`, or the method of that name that
 * a subclass has. The hook that is returned rejects with OidcTokenError `OIDC_TOKEN_RESERVED_CLAIM` or
 * `OIDC_TOKEN_INVALID_PAYLOAD`.
 *
 * @throws OidcKeyError `OIDC_KEY_CONFLICT` where there are both, since only one would be called.
 */
export function extraTokenFieldsHook(
  option: ExtraTokenFieldsFunction | undefined,
  method: ExtraTokenFieldsFunction | undefined,
): ((args: ExtraTokenFieldsArguments) => Promise<ExtraTokenFields>) | undefined {
  if (option && method) {
    throw new OidcKeyError(
      'OIDC_KEY_CONFLICT',
      'The option "extraTokenFields" of JwtService is given to a subclass that has a method of that name. Keep one of the two.',
    );
  }
  const hook = option ?? method;
  return hook && withoutReservedFields(hook);
}

function withoutReservedFields(
  hook: ExtraTokenFieldsFunction,
): (args: ExtraTokenFieldsArguments) => Promise<ExtraTokenFields> {
  return async (args) => {
    const returned: unknown = await hook(args);
    if (returned === undefined || returned === null) return {};
    if (!isObject(returned)) {
      throw new OidcTokenError(
        'OIDC_TOKEN_INVALID_PAYLOAD',
        'extraTokenFields has to return an object of claims',
      );
    }
    const fields = ownMembersOf(returned);
    const reserved = reservedFields.find((field) => fields[field] !== undefined);
    if (reserved !== undefined) {
      throw new OidcTokenError(
        'OIDC_TOKEN_RESERVED_CLAIM',
        `extraTokenFields returned "${reserved}", by which an access token could pass for another kind of token. Rename the claim.`,
      );
    }
    return fields as ExtraTokenFields;
  };
}
