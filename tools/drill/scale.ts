/** How many seconds of the real world one second of the drill stands for. */
export const factor = 60;

/** What an issuer would configure, in seconds: all of it as short as is allowed or sensible, to leave no slack. */
export const realTimes = {
  maxAge: 300,
  /** What the library takes a relying party to cache at least. Only the drill may lower it. */
  floor: 300,
  spread: 120,
  skew: 60,
  tokenLifetime: 600,
  retention: 600,
};

/** The defaults of the relying parties, in seconds, and in requests a minute. */
export const relyingPartyDefaults = {
  jose: { cacheMaxAge: 600, cooldownDuration: 30 },
  jwksRsa: { cacheMaxAge: 600, jwksRequestsPerMinute: 10 },
  openidClient: { longestAge: 300, cooldown: 60 },
};

export function scaled(realSeconds: number): number {
  return realSeconds / factor;
}

/** A time of the real world in the milliseconds that it takes here. */
export function milliseconds(realSeconds: number): number {
  return scaled(realSeconds) * 1000;
}

/** How long a key has to be published before it may sign, in real seconds. */
export const propagation = Math.max(realTimes.maxAge, realTimes.floor) + realTimes.spread + realTimes.skew;

/** With what the commands of the drill reckon, as the servers do. */
export const figures = {
  jwksMaxAge: scaled(realTimes.maxAge),
  keyRetention: scaled(realTimes.retention),
  keySpread: scaled(realTimes.spread),
  clockSkew: scaled(realTimes.skew),
  propagationFloor: scaled(realTimes.floor),
};

export function describeScale(): string {
  const { jose, jwksRsa, openidClient } = relyingPartyDefaults;
  const rows: [who: string, ...times: string[]][] = [
    [
      'issuer',
      time('max-age', realTimes.maxAge),
      time('floor of propagation', realTimes.floor),
      time('spread', realTimes.spread),
      time('clock skew', realTimes.skew),
      time('retention', realTimes.retention),
    ],
    ['tokens', time('lifetime', realTimes.tokenLifetime)],
    ['jose', time('cacheMaxAge', jose.cacheMaxAge), time('cooldownDuration', jose.cooldownDuration)],
    [
      'jwks-rsa',
      time('cacheMaxAge', jwksRsa.cacheMaxAge),
      `jwksRequestsPerMinute ${jwksRsa.jwksRequestsPerMinute} → ${jwksRsa.jwksRequestsPerMinute * factor}`,
    ],
    [
      'openid-client',
      time('cached for', openidClient.longestAge),
      time('asks again after', openidClient.cooldown),
      `by ageing its cache ${factor} times as fast`,
    ],
  ];
  const lines = rows.map(([who, ...times]) => `  ${who.padEnd(14)}${times.join(', ')}`);
  return [`Scaled by ${factor}: a minute takes a second.`, ...lines].join('\n');
}

function time(name: string, realSeconds: number): string {
  return `${name} ${realSeconds} s → ${scaled(realSeconds)} s`;
}
