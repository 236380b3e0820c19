/** How long the steps of a rotation take, in seconds: what each server derives its ring with. */
export interface Figures {
  /** How long relying parties may cache the JWKS. */
  readonly jwksMaxAge: number;
  /** How long a key stays published after it stopped signing: at least the longest-lived token it signed. */
  readonly keyRetention: number;
  /** The longest time until the last replica has taken over a change. */
  readonly keySpread: number;
  /** How far clocks may differ. */
  readonly clockSkew: number;
  /** The shortest time that a relying party is taken to cache. Default: {@link shortestCache}. */
  readonly propagationFloor?: number | undefined;
}

/** What relying parties cache whatever we say: jose and jwks-rsa wait this long before they look again. */
export const shortestCache = 300;

/** How long a key must have been published before it may sign. */
export function propagationOf(figures: Figures): number {
  const { jwksMaxAge, propagationFloor = shortestCache } = figures;
  return Math.max(jwksMaxAge, propagationFloor) + settlingOf(figures);
}

/** How long after an instant of a document the last replica acts on it. */
export function settlingOf({ keySpread, clockSkew }: Figures): number {
  return keySpread + clockSkew;
}

/** How long a key stays published after its successor started to sign. */
export function afterlifeOf(figures: Figures): number {
  return settlingOf(figures) + figures.keyRetention;
}
