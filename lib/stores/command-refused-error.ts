import type { RefusalCode } from '../core/key-set/outcome.js';

/** Why a command was refused. Stable: scripts may rely on it. */
export type CommandRefusalCode =
  | RefusalCode
  /** The key before is in a KMS or HSM. */
  | 'SIGNER_ELSEWHERE';

/** A command that was refused, and wrote nothing. The message says what to do. */
export class CommandRefusedError extends Error {
  override readonly name = 'CommandRefusedError';

  constructor(
    readonly code: CommandRefusalCode,
    message: string,
  ) {
    super(message);
  }
}
