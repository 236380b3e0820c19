// Loaded into a process beside its own code (`node --import`), this puts its clock forward by CLOCK_AHEAD seconds.

const RealDate = Date;

/** Puts the clock of this process forward, for what takes minutes in the world. Timers run on as they did. */
export function putClockForward(seconds: number): void {
  const now = () => RealDate.now() + seconds * 1000;
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, args: [] | ConstructorParameters<DateConstructor>): Date =>
      args.length === 0 ? new target(now()) : new target(...args),
    get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
  });
}

const ahead = process.env['CLOCK_AHEAD'];
if (ahead !== undefined) putClockForward(Number(ahead));
