/** A namespace of its own in which a test breaks things under load: clients that keep sending, and the checker. */
import { setTimeout as delay } from 'node:timers/promises';
import { Partitioners } from 'kafkajs';
import { sendCommands } from '../../dev/command-client.ts';
import { type CommandJson, isUndecided } from '../../dev/command-json.ts';
import { createRandom } from '../../dev/seed/random.ts';
import type { Config } from '../../platform/config.ts';
import { createKafka } from '../../platform/kafka/client.ts';
import { topicRanges } from '../../platform/kafka/offsets.ts';
import { namesOf } from '../../platform/names.ts';
import { type Answered, type Counts, checkLog } from './checker.ts';
import { commandMix, type SentCommand } from './command-mix.ts';
import type { PlannedFault } from './failpoints.ts';
import { type ProcessorProcess, startProcessorProcess } from './processor-process.ts';
import { dropNamespace } from './servers.ts';
import { startServices } from './services.ts';

export interface Lane {
  config: Config;
  commandsUrl: string;
  /** Starts a processor. The lane ends it, if it still runs, when it is closed. */
  startProcessor(plan?: readonly PlannedFault[]): Promise<ProcessorProcess>;
  /** Starts a processor anew whenever it fails, as a supervisor does. The function returned ends that and tells how often. */
  keepRunning(processor: ProcessorProcess): () => number;
  /** Begins to send; the function returned stops that and resolves when everything sent has its outcome. */
  keepSending(): () => Promise<void>;
  /** Where the events topic ends, all partitions added up. */
  logEnd(): Promise<number>;
  /** Members of the processors' group that have their partitions; undefined while it rebalances. */
  members(): Promise<number | undefined>;
  /** Checks all of the log and every answer so far. Nobody may be sending. */
  check(): Promise<Counts>;
  close(): Promise<void>;
}

const BURST = 15;
const BURST_EVERY_MS = 60;
/** What waits for an outcome at most, so that little piles up while no processor runs. */
const MAX_IN_FLIGHT = 300;
/** One in so many bursts comes with a record that is no command. */
const POISON_EVERY = 8;

/** Sets `config`'s namespace up, with a command API and no processor. `seed` draws what is sent. */
export async function openLane(config: Config, seed: number): Promise<Lane> {
  const services = await startServices(config, ['command-api']);
  const { topics, groups } = namesOf(config.namespace);
  const kafka = createKafka(config, 'test');
  const native = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  const admin = kafka.admin();
  await Promise.all([native.connect(), admin.connect()]);
  const mix = commandMix(createRandom(seed), 's');
  const answers: Answered[] = [];
  const processors: ProcessorProcess[] = [];

  async function* commands(goesOn: () => boolean): AsyncGenerator<SentCommand> {
    for (let burst = 0; goesOn(); burst += 1) {
      if (burst % POISON_EVERY === 0) {
        const messages = [{ key: `native-${burst}`, value: 'no command' }];
        // Lost while Kafka is away, or not: nobody waits for its outcome.
        await native.send({ topic: topics.commands, messages }).catch(() => {});
      }
      for (let count = 0; count < BURST; count += 1) yield mix.next().value;
      await delay(BURST_EVERY_MS);
    }
    // The last ones of each partition: when they are decided, so is all before them.
    for (let count = 0; count < BURST; count += 1) yield mix.next().value;
  }

  /** Sends until each command has its outcome, which is kept, whatever it takes. */
  async function send(source: Iterable<SentCommand> | AsyncIterable<SentCommand>): Promise<void> {
    const options = { maxInFlight: MAX_IN_FLIGHT, giveUpAfterMs: 60_000 };
    const undecided: SentCommand[] = [];
    const commands = source as AsyncIterable<SentCommand & CommandJson>;
    for await (const { command, outcome } of sendCommands(services.commandsUrl, commands, options)) {
      if (isUndecided(outcome)) undecided.push(command);
      else answers.push({ command, outcome });
    }
    if (undecided.length > 0) await send(undecided);
  }

  async function startProcessor(plan?: readonly PlannedFault[]): Promise<ProcessorProcess> {
    const processor = await startProcessorProcess(config, plan);
    processors.push(processor);
    return processor;
  }

  return {
    config,
    commandsUrl: services.commandsUrl,
    startProcessor,
    keepRunning(first) {
      let restarts = 0;
      let keeping = true;
      const keep = async (processor: ProcessorProcess): Promise<void> => {
        await processor.ended;
        if (!keeping) return;
        restarts += 1;
        void keep(await startProcessor());
      };
      void keep(first);
      return () => {
        keeping = false;
        return restarts;
      };
    },
    keepSending() {
      let going = true;
      const sending = send(commands(() => going));
      sending.catch(() => {});
      return async () => {
        going = false;
        await sending;
      };
    },
    async logEnd() {
      const ranges = await topicRanges(admin, topics.events);
      return [...ranges.values()].reduce((sum, { high }) => sum + high, 0);
    },
    async members() {
      const { groups: found } = await admin.describeGroups([groups.processor]);
      return found[0]?.state === 'Stable' ? found[0].members.length : undefined;
    },
    check: () => checkLog(config, answers),
    async close() {
      for (const processor of processors) processor.kill('SIGKILL');
      await Promise.all(processors.map(({ ended }) => ended));
      await Promise.all([native.disconnect(), admin.disconnect()]);
      await services.stop();
      await dropNamespace(config);
    },
  };
}

export interface Cases<T> {
  /** What became of the case at this place. */
  outcome(index: number): Promise<T>;
  /** Waits for all cases and closes the lanes. */
  close(): Promise<void>;
}

/**
 * Runs cases in several lanes at the same time, in each lane one after the other: most of a fault is waiting for a
 * session to time out. A case that fails takes those after it in its lane with it.
 */
export async function runInLanes<T>(
  lanes: { count: number; configOf(): Promise<Config> },
  cases: readonly ((lane: Lane) => Promise<T>)[],
): Promise<Cases<T>> {
  const opened = await Promise.all(
    Array.from({ length: lanes.count }, async (_, seed) => ({
      lane: await openLane(await lanes.configOf(), seed),
      last: Promise.resolve() as Promise<unknown>,
    })),
  );
  const outcomes = cases.map((run, index) => {
    const place = opened[index % opened.length] as (typeof opened)[number];
    const outcome = place.last.then(() => run(place.lane));
    place.last = outcome;
    outcome.catch(() => {});
    return outcome;
  });
  return {
    outcome: (index) => outcomes[index] as Promise<T>,
    async close() {
      await Promise.allSettled(outcomes);
      await Promise.all(opened.map(({ lane }) => lane.close()));
    },
  };
}
