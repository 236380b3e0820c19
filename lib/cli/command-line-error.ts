/** A file that the command line cannot read or will not write. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}
