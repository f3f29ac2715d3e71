import { expect } from 'chai';
import { RecordQueue } from '../../../projections/worker/queue.ts';

const records = (from: number, to: number, bytes = 1) =>
  Array.from({ length: to - from }, (_, index) => ({
    offset: from + index,
    timestamp: 0,
    key: null,
    value: Buffer.alloc(bytes),
  }));
const taken = (queue: RecordQueue, most: number, bytes = 1e6) =>
  queue.take(most, bytes).map(({ partition, records: got }) => [partition, got[0]?.offset, got.length]);

describe('RecordQueue', () => {
  it('gathers what arrives and gives each partition its share, in order', () => {
    const queue = new RecordQueue(() => {});
    queue.push(0, records(0, 10));
    queue.push(1, records(5, 7));
    queue.push(0, records(10, 20));
    expect(taken(queue, 8)).to.deep.equal([
      [0, 0, 4],
      [1, 5, 2],
    ]);
    expect(queue.size).to.equal(16);
    expect(taken(queue, 100)).to.deep.equal([[0, 4, 16]]);
    expect(taken(queue, 100)).to.deep.equal([]);
  });

  it('cuts by bytes too, but never to nothing', () => {
    const queue = new RecordQueue(() => {});
    queue.push(0, records(0, 3, 1000));
    expect(taken(queue, 100, 10)).to.deep.equal([[0, 0, 1]]);
    expect(taken(queue, 100, 1500)).to.deep.equal([[0, 1, 2]]);
  });

  it('gives what lies beyond a hole apart from what is before it', () => {
    const queue = new RecordQueue(() => {});
    queue.push(0, records(3, 6));
    queue.push(0, records(8, 10));
    expect(taken(queue, 100)).to.deep.equal([[0, 3, 3]]);
    expect(taken(queue, 100)).to.deep.equal([[0, 8, 2]]);
  });

  it('forgets a partition', () => {
    const queue = new RecordQueue(() => {});
    queue.push(0, records(0, 3));
    queue.drop(0);
    queue.drop(1);
    expect(queue.size).to.equal(0);
  });

  it('stops the flow when too much waits, and restarts it when little is left, taken or forgotten', () => {
    for (const empty of [(queue: RecordQueue) => queue.take(1e6, 1e9), (queue: RecordQueue) => queue.drop(1)]) {
      const flow: [partition: number, paused: boolean][] = [];
      const queue = new RecordQueue((...change) => void flow.push(change));
      queue.push(0, records(0, 1000));
      queue.push(1, records(0, 18_999));
      expect(flow).to.deep.equal([]);
      queue.push(1, records(18_999, 19_000));
      expect(flow).to.deep.equal([[1, true]]);
      empty(queue);
      expect(flow).to.deep.equal([
        [1, true],
        [1, false],
      ]);
    }
  });

  it('wakes who waits', async () => {
    const queue = new RecordQueue(() => {});
    const filled = queue.filled();
    queue.push(3, records(0, 1));
    await filled;
    queue.take(1, 1);
    const woken = queue.filled();
    queue.wake();
    await woken;
  });
});
