import { OidcTokenError } from '../errors.js';
import { isObject } from '../objects.js';

/** What `@jmondi/oauth2-server` tells about the access token that is being made. */
export interface ExtraTokenFieldsArguments {
  user?: { id: string | number; [field: string]: unknown } | null | undefined;
  client: { id: string; [field: string]: unknown };
  originatingAuthCodeId?: string | undefined;
}

/** Claims to add to an access token. They win over `iss` and `aud`, not over what the grant itself sets. */
export type ExtraTokenFields = Record<string, string | number | boolean | (string | number | boolean)[]>;

/** The hook that `@jmondi/oauth2-server` calls for every access token. */
export type ExtraTokenFieldsFunction = (
  args: ExtraTokenFieldsArguments,
) => ExtraTokenFields | Promise<ExtraTokenFields>;

/**
 * `@jmondi/oauth2-server` redeems codes and refresh tokens by the first three, so an access token that carried one
 * could be redeemed as what it is not; the other two would make it look like an ID token.
 */
const reservedFields = ['auth_code_id', 'refresh_token_id', 'access_token_id', 'nonce', 'at_hash'] as const;

/** @throws OidcTokenError `OIDC_TOKEN_RESERVED_CLAIM`, from the returned promise. */
export function withoutReservedFields(
  hook: ExtraTokenFieldsFunction,
): (args: ExtraTokenFieldsArguments) => Promise<ExtraTokenFields> {
  return async (args) => {
    const fields: unknown = await hook(args);
    if (fields === undefined || fields === null) return {};
    if (!isObject(fields)) {
      throw new OidcTokenError(
        'OIDC_TOKEN_INVALID_PAYLOAD',
        'extraTokenFields has to return an object of claims',
      );
    }
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
