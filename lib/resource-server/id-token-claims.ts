/**
 * What an ID token has, or may have (OpenID Connect Core sections 2, 3.1.3.6, 3.3.2.11 and 5.1, and Front-Channel Logout
 * section 3), but for `azp`: issuers that write it into access tokens leave it out of ID tokens.
 */
export const claimsOfIdToken: readonly string[] = Object.freeze(
  (
    'iss sub aud exp iat auth_time nonce acr amr at_hash c_hash sid ' +
    'name given_name family_name middle_name nickname preferred_username profile picture website email ' +
    'email_verified gender birthdate zoneinfo locale phone_number phone_number_verified address updated_at'
  ).split(' '),
);
