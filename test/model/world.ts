/** Everything of one history but the processors and clients: time, chance, servers, and what is kept for the rules. */
import type { Answer, Replies } from '../../commands/answer.ts';
import type { ProcessorMetrics } from '../../commands/processor/follower.ts';
import { createRandom, type Random } from '../../dev/seed/random.ts';
import { Broker } from './broker.ts';
import { Clock } from './clock.ts';
import { type Faults, Network } from './network.ts';
import { MemoryStore } from './store.ts';

export class World {
  readonly partitions = 2;
  readonly clock = new Clock();
  readonly random: Random;
  readonly network: Network;
  readonly broker = new Broker(() => this.clock.now);
  readonly store = new MemoryStore();
  readonly metrics: ProcessorMetrics = { valid: 0, void: 0 };
  /** What made processors end by themselves. Nothing should. */
  readonly failures: unknown[] = [];
  /** Every answer that a processor gave, whether or not it reached the client. */
  readonly given: { request: number; answer: Answer }[] = [];
  /** Who waits for which request's answer. */
  readonly waiting = new Map<number, (answer: Answer) => void>();

  /** `seed` decides all that `faults` leave to chance. */
  constructor(seed: number, faults: Faults) {
    this.random = createRandom(seed);
    this.network = new Network(this.clock, this.random, faults);
  }

  /** What a processor says to an instance of the command API. */
  publish(text: string): void {
    for (const [request, answer] of JSON.parse(text) as Replies) this.given.push({ request, answer });
    const arrive = () => {
      for (const [request, answer] of JSON.parse(text) as Replies) this.waiting.get(request)?.(answer);
    };
    this.network.request(arrive, () => new Error('lost')).catch(() => {});
  }
}
