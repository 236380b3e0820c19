import type { INestApplication } from '@nestjs/common';

import { isSigningAlgorithm, signingAlgorithms } from '../../core/algorithms.js';
import { checkGivenOptions, invalidOption } from '../../options/given-options.js';
import type { KeyRotationOptions } from '../../rotation/rotation-options.js';
import type { CommandResult } from '../../stores/command-result.js';
import { retireIn, revokeIn, rotateIn } from '../../stores/commands.js';
import type { Workplace } from '../../stores/run-command.js';
import { BrokenRotationError } from './broken-rotation-error.js';
import { checkApplications } from './check-applications.js';
import { millisecondsOf } from './durations.js';
import type { Duration } from './durations.js';
import { Replica } from './replica.js';
import { Stage } from './stage.js';
import { checkWithRotationOptions } from './with-rotation.options.js';
import type { WithRotationOptions } from './with-rotation.options.js';
import { workplaceOf } from './workplace.js';

const mostLooks = 300;

/**
 * The keys of an application on a clock that stands still until the test lets time pass, and the relying parties that
 * verify its tokens. At every instant that matters the application signs, everybody verifies whatever token lives, and
 * the first refusal ends the test with a {@link BrokenRotationError}.
 */
export class RotationUnderTest {
  readonly #options: WithRotationOptions;
  readonly #stage: Stage;
  /** The kids that signed when the rotation began. */
  #before: ReadonlySet<string | undefined>;

  private constructor(options: WithRotationOptions, stage: Stage) {
    this.#options = options;
    this.#stage = stage;
    this.#before = stage.tokens.signing;
  }

  /** @internal */
  static async of(
    apps: readonly INestApplication[],
    options: WithRotationOptions,
  ): Promise<RotationUnderTest> {
    checkApplications(apps, 'withRotation');
    checkWithRotationOptions(options);
    const stage = await Stage.with(await replicasOf(apps, options), options);
    await stage.look();
    return new RotationUnderTest(options, stage);
  }

  /** What the clock of the test shows. */
  get now(): Date {
    return new Date(this.#stage.clock.now);
  }

  /**
   * Adds the key that signs next, as the command does. Keys that do not come from a store go on in one in memory, for
   * this test.
   *
   * @throws BrokenRotationError
   * @throws CommandRefusedError `KEY_WAITS` where the key before does not sign yet
   */
  async rotate(options: KeyRotationOptions = {}): Promise<CommandResult> {
    checkRotateOptions(options);
    return this.#run((place) => rotateIn(place, options));
  }

  /**
   * Makes a key worthless at once, as the command does. Relying parties that hold it accept its tokens until they ask
   * again, and refuse those of the key in its place until then: that is what a revocation costs, and no failure.
   *
   * @param kid default: the key that signs
   * @throws BrokenRotationError
   */
  async revoke(kid: string = this.#stage.replicas[0]!.keys.kid): Promise<CommandResult> {
    checkKid(kid, 'revoke');
    return this.#run(async (place) => {
      const result = await revokeIn(place, kid, {});
      this.#stage.revoke(kid);
      return result;
    });
  }

  /**
   * Gives up an algorithm whose only key this is, as the command does.
   *
   * @throws BrokenRotationError
   * @throws CommandRefusedError where that would leave nothing to sign with
   */
  async retire(kid: string): Promise<CommandResult> {
    checkKid(kid, 'retire');
    return this.#run((place) => retireIn(place, kid));
  }

  /**
   * From now on these applications answer in the place of those before, as after a deploy with other settings. The test
   * closes all of them.
   *
   * @throws BrokenRotationError
   */
  async deploy(...apps: readonly INestApplication[]): Promise<void> {
    checkApplications(apps, 'deploy');
    this.#stage.replace(await replicasOf(apps, this.#options));
    await this.#stage.look();
  }

  /**
   * Lets time pass, with a look at every instant that matters in between.
   *
   * @throws OidcKeyError `OIDC_KEY_INVALID_OPTION` where no time would pass
   * @throws BrokenRotationError
   */
  async advance(duration: Duration): Promise<void> {
    const milliseconds = millisecondsOf(duration, 'advance');
    const start = this.#stage.clock.now;
    const end = start + milliseconds;
    for (;;) {
      const next = this.#stage.nextInstant(start);
      if (next === undefined || next >= end) break;
      await this.#stage.lookAt(next);
    }
    await this.#stage.lookAt(end);
  }

  /**
   * Lets time pass until another key signs than at the beginning.
   *
   * @throws BrokenRotationError `NOTHING_ROTATED` where that never happens, and every other
   */
  async promote(): Promise<void> {
    await this.#passUntil(() => !this.#isAsBefore());
    this.#refuseAsBefore();
  }

  /**
   * Lets time pass until nothing is left to happen: the new key signs, the old one is gone, and its last token has
   * expired. The next rotation begins there.
   *
   * @throws BrokenRotationError `NOTHING_ROTATED` where the key of the beginning still signs, and every other
   */
  async complete(): Promise<void> {
    await this.#passUntil(() => false);
    this.#refuseAsBefore();
    this.#before = this.#stage.tokens.signing;
  }

  async #passUntil(isOver: () => boolean): Promise<void> {
    const stage = this.#stage;
    await stage.look();
    // Whoever changed a store behind the applications is seen when they ask it.
    const start = stage.clock.now;
    for (let looks = 0; !isOver(); looks += 1) {
      const next = stage.nextInstant(start);
      if (next === undefined) return;
      if (looks === mostLooks) {
        throw new BrokenRotationError(
          'NEVER_OVER',
          `After ${mostLooks} looks there is still a next change: something rotates the keys all the time.`,
          this.now,
        );
      }
      await stage.lookAt(next);
    }
  }

  async #run(command: (place: Workplace) => Promise<CommandResult>): Promise<CommandResult> {
    const { clock, replicas } = this.#stage;
    await this.#stage.look();
    const result = await command(await workplaceOf(replicas, () => clock.now));
    // The others see it when they ask.
    await replicas[0]!.ask(clock.now);
    await this.#stage.look();
    return result;
  }

  #isAsBefore(): boolean {
    return [...this.#stage.tokens.signing].every((kid) => this.#before.has(kid));
  }

  #refuseAsBefore(): void {
    if (!this.#isAsBefore()) return;
    throw new BrokenRotationError(
      'NOTHING_ROTATED',
      `What signed at the beginning still signs (${[...this.#before].join(', ')}), and nothing waits to sign. Rotate before ` +
        'time passes: with `rotate()` of the test, or as the application does.',
      this.now,
    );
  }
}

async function replicasOf(
  apps: readonly INestApplication[],
  { jwksPath }: WithRotationOptions,
): Promise<Replica[]> {
  const nameOfOne = (index: number) => (apps.length === 1 ? 'the application' : `replica ${index + 1}`);
  return Promise.all(apps.map((app, index) => Replica.of(app, nameOfOne(index), jwksPath)));
}

function checkRotateOptions(options: unknown): void {
  checkGivenOptions<KeyRotationOptions>(
    options,
    {
      algorithm: [isSigningAlgorithm, `one of ${signingAlgorithms.join(', ')}`],
      every: [
        (value) => Number.isFinite(value) && (value as number) >= 0,
        'a number of seconds that is not negative',
      ],
    },
    { owner: 'rotate', example: "{ algorithm: 'ES256' }", mayBeUndefined: true },
  );
}

function checkKid(kid: unknown, owner: string): void {
  if (typeof kid === 'string' && kid !== '') return;
  throw invalidOption(`${owner} takes the "kid" of a key, which is a string that is not empty.`);
}
