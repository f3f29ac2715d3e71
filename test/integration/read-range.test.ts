import { expect } from 'chai';
import { createKafka } from '../../platform/kafka/client.ts';
import { readRange } from '../../platform/kafka/read.ts';
import { createLogger } from '../../platform/logger.ts';
import { namesOf } from '../../platform/names.ts';
import { documents } from '../support/live-traffic.ts';
import { deleteBelow, writeTransaction } from '../support/log-faults.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';

describe('reading a range of the log', function () {
  this.timeout(60_000);
  let bench: Bench;

  beforeEach(async () => {
    bench = await openBench({ partitions: 1 });
    await bench.log.append(documents('before', 10));
  });

  afterEach(() => bench.close());

  const endOf = async () => (await bench.log.ends()).get(0) ?? 0;

  /** The offsets that come. */
  async function read(from: number, to: number, isAcceptedLoss = () => false): Promise<number[]> {
    const offsets: number[] = [];
    await readRange({
      kafka: createKafka(bench.config, 'test'),
      logger: createLogger('test', 'silent'),
      topic: namesOf(bench.config.namespace).topics.events,
      from: new Map([[0, from]]),
      to: new Map([[0, to]]),
      isAcceptedLoss,
      onRecords: (_, records) => void offsets.push(...records.map(({ offset }) => offset)),
    });
    return offsets;
  }

  const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);

  it('ends where the marker of a transaction is the last of it, also when that was taken back', async () => {
    await writeTransaction(bench, 0);
    const marker = (await endOf()) - 1;
    expect(await read(0, marker + 1)).to.deep.equal(numbers(0, marker));
    expect(await read(marker, marker + 1)).to.deep.equal([]);
    await writeTransaction(bench, 0, 'abort');
    expect(await read(marker + 1, await endOf())).to.deep.equal([]);
  });

  it('ends where all of it was deleted and that was accepted, and fails where it was not', async () => {
    const end = await endOf();
    await deleteBelow(bench, 0, end);
    expect(await read(0, end, () => true)).to.deep.equal([]);
    const failure = await read(0, end).catch((error) => error);
    expect(failure.name).to.equal('LogLostError');
  });

  it('lets a rebuild end there, level with what is live', async () => {
    await writeTransaction(bench, 0);
    const marker = (await endOf()) - 1;
    await bench.startWorker();
    const operator = await openOperator(bench);
    try {
      const { outcome } = await operate(bench, 'rebuild', { projections: ['revenue', 'sales', 'live_window'] });
      expect(outcome).to.deep.include({ promoted: true, events: marker });
    } finally {
      await operator.stop();
    }
  });
});
