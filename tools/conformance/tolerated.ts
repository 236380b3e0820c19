// Warnings of the suite that are right about the sample, and why the sample stays as it is.

export interface Tolerated {
  readonly module: string;
  /** The class of the suite that warns. */
  readonly condition: string;
  /** By section of the standard. */
  readonly reason: string;
}

export const tolerated: readonly Tolerated[] = [
  {
    module: 'oidcc-userinfo-post-body',
    condition: 'UserInfoEndpointWithAccessTokenInBodyNotSupported',
    reason: 'RFC 6750 section 2.2: a token in the body is optional, and userinfo takes the header alone.',
  },
];
