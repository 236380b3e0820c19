/** How an API server is reached, and what it is shown. */
export interface ClusterAccess {
  /** With the path below which the API is, if it is not at the root. */
  readonly server: URL;
  /** The authorities that the server's certificate may come from, in PEM; else those that Node knows. */
  readonly ca?: Buffer | undefined;
  /** The name in that certificate, where it is another than the host's. */
  readonly servername?: string | undefined;
  readonly token?: string | undefined;
  /** A certificate to be known by, and its key, in PEM. */
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
}

/** Where the access comes from, and what to do about it. */
export interface AccessSource {
  /** Reads it anew, since tokens and certificates are replaced while a process runs. */
  read(): Promise<ClusterAccess>;
  /** What to do where the server does not take the credentials. */
  readonly remedyForCredentials: string;
  /** What to do where the server's certificate does not fit. */
  readonly remedyForCertificate: string;
}

/** Whether a text can stand in a header. */
export function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
