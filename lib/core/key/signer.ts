import type { CallUsage } from '../usage/call-usage.js';

/** What makes signatures: a private key in this process, or a KMS or HSM that a private key never leaves. */
export interface Signer {
  /**
   * The signature over `data` in the form that a JWS has it (RFC 7518 section 3): of ECDSA R and S side by side.
   *
   * @param signal is aborted where nobody waits for the signature any more
   * @param begun is called when the signature is begun, where it had to wait for its turn
   */
  sign(data: Buffer, signal?: AbortSignal, begun?: () => void): Promise<Buffer>;

  /** Why it makes no signatures at present, where it is one that may be away. */
  readonly failure?: SignerFailure | undefined;

  /** Told when nobody signs with it any more. */
  rest?(): void;

  /** Counts the requests of one that is elsewhere. */
  observe?(calls: CallUsage): void;
}

/** Why a signer makes no signatures at present. */
export interface SignerFailure {
  /** Of the last attempt, as the log has it. */
  readonly message: string;
  readonly since: Date;
}
