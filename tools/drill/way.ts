/** One way to change a key. */
export interface Way {
  readonly name: string;
  /** Whether no relying party may notice. */
  readonly isSafe: boolean;
  /** Why it cannot be drilled on this machine. */
  readonly isMissing?: string | undefined;
  /** @param path a folder for whatever it needs */
  start(path: string, extent: Extent): Promise<Issuer>;
}

/** How much is done. */
export interface Extent {
  readonly rotations: number;
  readonly mintsPerSecond: number;
  /** How often replicas are restarted at random moments, where a way does that. */
  readonly restarts: number;
}

/** An issuer whose keys are changed in one way. */
export interface Issuer {
  readonly url: string;
  /** How often the key was changed. */
  readonly rotations: number;
  /** What went wrong on purpose, and how often. */
  readonly mishaps: Readonly<Record<string, number>>;
  rotate(): Promise<void>;
  stop(): Promise<void>;
}
