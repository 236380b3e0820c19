/** Why a command did nothing: a file that it cannot read or will not write, or what a key set does not allow. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** A command that cannot be understood, or that would do harm as it was written. */
export class UsageError extends CommandLineError {}
