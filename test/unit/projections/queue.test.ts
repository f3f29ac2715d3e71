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

  it('gives once more what was taken, from an offset on, before what waits', () => {
    const queue = new RecordQueue(() => {});
    queue.push(0, records(10, 30));
    queue.push(1, records(0, 5));
    queue.take(10, 1e6);
    queue.take(10, 1e6);
    expect(queue.setBack(0, 12)).to.equal(true);
    expect(queue.size).to.equal(18);
    queue.push(0, records(30, 32));
    expect(taken(queue, 100)).to.deep.equal([[0, 12, 20]]);
    expect(queue.setBack(0, 31)).to.equal(true);
    expect(taken(queue, 100)).to.deep.equal([[0, 31, 1]]);
  });

  it('gives once what was read more than once', () => {
    const queue = new RecordQueue(() => {});
    queue.push(0, records(0, 10));
    queue.take(100, 1e6);
    for (let look = 0; look < 3; look += 1) {
      queue.push(0, records(9, 10));
      queue.take(100, 1e6);
    }
    queue.push(0, records(9, 12));
    queue.take(100, 1e6);
    expect(queue.setBack(0, 8)).to.equal(true);
    expect(taken(queue, 100)).to.deep.equal([[0, 8, 4]]);
  });

  it('does not give once more what it has not all of', () => {
    const queue = new RecordQueue(() => {});
    expect(queue.setBack(0, 0)).to.equal(false);
    queue.push(0, records(10, 20));
    expect(queue.setBack(0, 10), 'what waits was not taken').to.equal(false);
    queue.take(100, 1e6);
    expect(queue.setBack(0, 9), 'what was never read').to.equal(false);
    queue.push(0, records(20, 30));
    queue.drop(0);
    expect(queue.setBack(0, 15), 'what was dropped').to.equal(false);
    expect(queue.size).to.equal(0);
  });

  it('remembers the newest 20,000 records, and 8 MB of them', () => {
    const queue = new RecordQueue(() => {});
    for (let from = 0; from < 30_000; from += 1000) {
      queue.push(0, records(from, from + 1000));
      queue.take(1000, 1e6);
    }
    expect(queue.setBack(0, 9999)).to.equal(false);
    expect(queue.setBack(0, 10_000)).to.equal(true);
    queue.drop(0);
    for (let from = 0; from < 20; from += 1) {
      queue.push(0, records(from, from + 1, 1024 * 1024));
      queue.take(1, 1e6);
    }
    expect(queue.setBack(0, 11)).to.equal(false);
    expect(queue.setBack(0, 12)).to.equal(true);
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
