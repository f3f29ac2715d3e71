import { expect } from 'chai';
import { type PartStatus, untilReady } from '../../../dev/status.ts';

describe('Waiting until every part is ready', () => {
  const part = (title: string, ready: boolean): PartStatus => ({
    name: title,
    title,
    ready,
    detail: `${title}'s detail`,
  });

  it('says once for what it waits, and ends when all are ready', async () => {
    const said: string[] = [];
    const states = [
      [part('Redis', false), part('Kafka', true)],
      [part('Redis', true), part('Kafka', true)],
    ];
    await untilReady(
      async () => states.shift() ?? [],
      (line) => said.push(line),
    );
    expect(states).to.have.length(0);
    expect(said).to.deep.equal(['Waiting for Redis']);
  });

  it('fails when its patience is over, with what is not ready and what to do', async () => {
    const read = async () => [part('Redis', false), part('Kafka', true)];
    const error = await untilReady(read, () => {}, -1).catch((reason) => reason);
    expect(error.message)
      .to.match(/Redis +not ready +Redis's detail.*npm stop, then npm start/s)
      .and.not.contain('Kafka');
  });
});
