/** What is told of signers that fail, and sign again. */
export interface SignerLog {
  error(message: string): void;
  log(message: string): void;
}

/**
 * @param name how messages call the key
 * @param error why it signs no more; undefined where it signs again
 */
export function tellOfSigner(log: SignerLog, name: string, error: Error | undefined): void {
  if (error) log.error(`No tokens are signed with ${name}: ${error.message}`);
  else log.log(`${name} signs again`);
}
