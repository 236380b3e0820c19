import type { RefusalCode } from '../core/key-set/outcome.js';

/** Why a command was refused. Stable: scripts may rely on it. */
export type CommandRefusalCode =
  | RefusalCode
  /** A KMS or HSM does not take a key that was made elsewhere. */
  | 'KEY_NOT_TAKEN';

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
