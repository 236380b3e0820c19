/** An integer as a JWK writes it (RFC 7518 section 2, Base64urlUInt). */
export function base64urlUInt(value: bigint): string {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex').toString('base64url');
}

/** The integer that a member of a JWK holds. */
export function integerOf(member: string | undefined): bigint {
  return BigInt(`0x${Buffer.from(member!, 'base64url').toString('hex')}`);
}
