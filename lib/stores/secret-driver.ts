/** What a secret of a secret manager is: one text, bytes, or fields. A field may be a text, bytes or any JSON. */
export type SecretContent = string | Buffer | Readonly<Record<string, unknown>>;

/** A secret as it is in one version. */
export interface Secret {
  readonly content: SecretContent;
  /** Tells this version from every other. */
  readonly version: string;
  /** What the store's own clock showed when it answered, in seconds since 1970 (the header `Date`). */
  readonly date?: number | undefined;
  /** When this version was written, in seconds since 1970. */
  readonly since?: number | undefined;
}

/** Another version of a secret, as of a KeyStore. */
export interface OtherSecret {
  readonly content: SecretContent;
  readonly since: number;
  readonly isPending?: boolean | undefined;
}

/**
 * One secret of a secret manager: how it is asked, and what its answers mean. Deadlines, retries, fields and all that is
 * about key sets are above it. It branches on the store's own words, and what it throws is a KeyStoreError that says
 * whether asking again may be worth it.
 */
export interface SecretDriver {
  /** Undefined where there is no such secret. */
  read(signal: AbortSignal): Promise<Secret | undefined>;
  /** Writes the whole content if the secret still is of this version; undefined: if there is none. */
  write(content: SecretContent, expected: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** As of a KeyStore; where the secret manager keeps versions and cannot compare. */
  between?(base: string, version: string, signal: AbortSignal): Promise<readonly Secret[]>;
  /** As of a KeyStore. Those that cannot be had are left out. */
  others?(signal: AbortSignal): Promise<readonly OtherSecret[]>;
  /** As of a KeyStore. */
  destroyBefore?(version: string, signal: AbortSignal): Promise<number | string>;
  close?(): void;
}

/** What a driver is made with. */
export interface SecretPlace {
  /** What stands behind the kind in the reference, without the field. */
  readonly place: string;
  /** How messages call the secret: the reference. */
  readonly where: string;
  /** A setting that the vendor's users know, such as `VAULT_ADDR`. */
  readonly setting: (name: string) => string | undefined;
  /** A ready client of the vendor's SDK. */
  readonly client?: unknown;
}
