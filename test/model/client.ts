/** Clients of the command side: they write commands to the log, wait for answers, and send again when none comes. */
import type { Answer } from '../../commands/answer.ts';
import { formatReplyTo } from '../../commands/answer.ts';
import { keyOf } from '../../domain/decide.ts';
import { createPartitioner } from '../../platform/kafka/partitioner.ts';
import { type Order, returnOf } from './orders.ts';
import { format } from './versions.ts';
import type { World } from './world.ts';

const PATIENCE_MS = 2500;

/** An order and the answers that reached its client. */
export interface Placed {
  order: Order;
  /** Numbers of the requests by which it was sent. */
  requests: number[];
  answers: Answer[];
}

export class Clients {
  readonly placed: Placed[] = [];
  readonly #world: World;
  #requests = 0;

  constructor(world: World) {
    this.#world = world;
  }

  async place(order: Order): Promise<void> {
    const placed: Placed = { order, requests: [], answers: [] };
    this.placed.push(placed);
    for (let attempt = 0; attempt < order.attempts && placed.answers.length === 0; attempt += 1) {
      await this.#send(placed);
      if (order.manner !== 'well') return;
    }
  }

  /** One more command a partition, to be sent after all others: when it is answered, those before it were decided. */
  addLast(): void {
    for (let partition = 0; partition < this.#world.partitions; partition += 1) {
      const order: Order = { command: returnOf(this.#keyOn(partition).toString()), manner: 'well', attempts: 0 };
      this.placed.push({ order, requests: [], answers: [] });
    }
  }

  /** Sends again what has fewer answers than `answers`, as often as it takes. */
  async settle(answers: number): Promise<void> {
    const wanting = () => this.placed.filter((one) => one.order.manner === 'well' && one.answers.length < answers);
    while (wanting().length > 0) await Promise.all(wanting().map((placed) => this.#send(placed)));
  }

  /** Sends it once; resolves when it is answered, or when nobody waits any longer. */
  async #send(placed: Placed): Promise<void> {
    const { network, broker, waiting, clock } = this.#world;
    this.#requests += 1;
    const request = this.#requests;
    placed.requests.push(request);
    const answered = new Promise<void>((resolve) => {
      waiting.set(request, (answer) => {
        placed.answers.push(answer);
        waiting.delete(request);
        resolve();
      });
    });
    const { partition, record } = this.#recordOf(placed.order, request);
    const sent = network.request(
      () => broker.append('commands', partition, [record]),
      () => new Error('timed out'),
    );
    await sent.catch(() => {});
    await Promise.race([answered, clock.delay(PATIENCE_MS)]);
  }

  #recordOf({ command, manner }: Order, request: number) {
    const { partitions } = this.#world;
    const key = Buffer.from(keyOf(command));
    const partition = createPartitioner(partitions)(key);
    const addressed = { ...command, data: { ...command.data, replyTo: formatReplyTo('c1', request) } };
    const value = format.encode(addressed as typeof command);
    const well = { partition, record: { key, value } };
    switch (manner) {
      case 'well':
        return well;
      case 'other partition':
        return { ...well, partition: (partition + 1) % partitions };
      case 'other key':
        return { partition, record: { key: this.#keyOn(partition), value } };
      case 'no key':
        return { partition, record: { key: null, value } };
      case 'named as a place': {
        const named = { ...addressed, data: { ...addressed.data, commandId: `${partition}:${request % 9}` } };
        return { partition, record: { key, value: format.encode(named as typeof command) } };
      }
      case 'garbled':
        return { partition, record: { key, value: value.subarray(0, 9) } };
    }
  }

  /** A key that belongs to the partition but names nothing. */
  #keyOn(partition: number): Buffer {
    const keys = Array.from({ length: 50 }, (_, index) => Buffer.from(`X${index}`));
    const partitionOf = createPartitioner(this.#world.partitions);
    return keys.find((key) => partitionOf(key) === partition) ?? Buffer.from('X');
  }
}
