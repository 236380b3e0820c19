/** Why a file cannot be read. Not the file system's own error, which repeats the path: people do put a key there. */
export class FileError extends Error {
  override readonly name = 'FileError';

  /** @param code of the file system (ENOENT, EISDIR, EACCES), ETIMEDOUT, or EFBIG */
  constructor(readonly code: string) {
    super(`The file cannot be read (${code}).`);
  }

  static from(error: unknown): FileError {
    if (error instanceof FileError) return error;
    const { code } = (error ?? {}) as { code?: unknown };
    return new FileError(typeof code === 'string' ? code : 'EIO');
  }
}
