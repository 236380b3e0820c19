import { systemClock } from '../../rotation/clock.js';
import type { Clock, Moment } from '../../rotation/clock.js';
import type { KeyRotation } from '../../rotation/key-rotation.js';

/** A clock that stands still until a test sets it forward. In milliseconds. */
export class TestClock {
  #moment: Moment;

  /** @param rotations where one of them has a clock of a test already, this one goes on from there */
  constructor(rotations: readonly KeyRotation[]) {
    const moments = rotations.map(({ options }) => (options.clock ?? systemClock)());
    this.#moment = {
      wall: Math.max(...moments.map(({ wall }) => wall)),
      monotonic: Math.max(...moments.map(({ monotonic }) => monotonic)),
    };
  }

  readonly read: Clock = () => this.#moment;

  /** Since 1970. */
  get now(): number {
    return this.#moment.wall;
  }

  set(instant: number): void {
    const { wall, monotonic } = this.#moment;
    const passed = Math.max(0, instant - wall);
    this.#moment = { wall: wall + passed, monotonic: monotonic + passed };
  }
}
