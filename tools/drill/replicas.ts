import { Balancer } from './balancer.js';
import { Replica } from './replica.js';

export const size = 3;

/** The replicas of one issuer behind one balancer. */
export class Replicas {
  crashes = 0;
  readonly all: readonly Replica[];
  readonly #balancer: Balancer;

  private constructor(balancer: Balancer, all: readonly Replica[]) {
    this.#balancer = balancer;
    this.all = all;
  }

  /** @param settingsOf what tells each replica where its keys are; asked at each of its starts */
  static async of(settingsOf: (index: number) => Record<string, string>): Promise<Replicas> {
    const balancer = await Balancer.start();
    const all = Array.from(
      { length: size },
      (_, index) => new Replica(() => settingsOf(index), balancer.origin),
    );
    return new Replicas(balancer, all);
  }

  get issuer(): string {
    return this.#balancer.origin;
  }

  async start(replica: Replica): Promise<void> {
    await replica.start();
    this.#balancer.add(replica.port);
  }

  async startAll(): Promise<void> {
    await Promise.all(this.all.map((replica) => this.start(replica)));
  }

  /** Kills a replica without a warning, and starts it again. */
  async crash(replica: Replica): Promise<void> {
    await replica.end('SIGKILL');
    this.crashes += 1;
    await this.start(replica);
  }

  /** Ends a replica in order: the balancer knows before. */
  async takeDown(replica: Replica): Promise<void> {
    this.#balancer.remove(replica.port);
    await replica.end('SIGTERM');
  }

  async untilAllSign(kid: string): Promise<void> {
    await Promise.all(this.all.map((replica) => replica.untilSigns(kid)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map((replica) => replica.end('SIGKILL')));
    this.#balancer.close();
  }
}
