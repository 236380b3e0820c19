/** There can be no database where DATA_DIR says: for whoever starts the server. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';

  constructor(cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(
      `DATA_DIR holds no database that can be read and written (${reason}). ` +
        'It has to name a folder that this process may write to, on a disk with room left.',
      { cause },
    );
  }
}
