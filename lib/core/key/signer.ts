/** What makes signatures: a private key in this process, or a KMS or HSM that a private key never leaves. */
export interface Signer {
  /** The signature over `data` in the form that a JWS has it (RFC 7518 section 3): of ECDSA R and S side by side. */
  sign(data: Buffer): Promise<Buffer>;
}
