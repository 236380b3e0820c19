/** What a Node process takes so that its clock is ahead: nothing while it is not. */
export interface Later {
  readonly nodeOptions: string[];
  readonly environment: Record<string, string>;
}

export function later(seconds: number): Later {
  if (seconds === 0) return { nodeOptions: [], environment: {} };
  const clock = new URL('clock.js', import.meta.url).href;
  return { nodeOptions: ['--import', clock], environment: { CLOCK_AHEAD: String(seconds) } };
}
