/** What `pipeline` tells operators: lag, proofs, and what is under way. */
import { expect } from 'chai';
import { beginOperation, reportProgress, requestOperation } from '../../projections/operations.ts';
import { sale } from '../support/documents.ts';
import { openOperator, operate } from '../support/operator.ts';
import { type Bench, openBench } from '../support/projection-worker.ts';
import { startTestReadApi, type TestReadApi } from '../support/read-api.ts';
import { until } from '../support/services.ts';

interface Pipeline {
  logEnds: { partition: number; nextOffset: number }[] | null;
  operations: Record<string, unknown>[];
  projections: {
    name: string;
    status: string;
    lagEvents: number | null;
    lagSeconds: number | null;
    verifiedTo: unknown;
  }[];
}

const question = `{ pipeline {
  logEnds { partition nextOffset }
  operations { id kind projections status step done total startedAt }
  projections { name status lagEvents lagSeconds verifiedTo { partition nextOffset } } } }`;

describe('read API: for operators', function () {
  this.timeout(60_000);
  let bench: Bench;
  let api: TestReadApi;

  before(async () => {
    bench = await openBench({ partitions: 2 });
    api = await startTestReadApi(bench.config);
  });

  after(async () => {
    await bench?.close();
    await api?.stop();
  });

  async function pipeline(text = question): Promise<Pipeline> {
    const { data, errors } = await api.query<{ pipeline: Pipeline }>(text);
    expect(errors).to.equal(undefined);
    return data.pipeline;
  }

  const vector = async () =>
    [...(await bench.log.ends())]
      .map(([partition, nextOffset]) => ({ partition, nextOffset }))
      .sort((a, b) => a.partition - b.partition);

  it('tells where the log ends and how far each generation lags', async () => {
    await bench.log.append(Array.from({ length: 10 }, (_, index) => sale(`s-${index}`)));
    await until('all is seen', async () => (await pipeline()).projections.every(({ lagEvents }) => lagEvents === 10));
    const before = await pipeline();
    expect(before.logEnds).to.deep.equal(await vector());
    expect(before.projections.every(({ lagSeconds }) => lagSeconds === null)).to.equal(true);
    await bench.startWorker();
    await bench.caughtUp();
    const { projections } = await pipeline();
    expect(projections.map(({ lagEvents, lagSeconds }) => [lagEvents, lagSeconds])).to.deep.equal(
      projections.map(() => [0, 0]),
    );
  });

  it('tells what waits and what is under way, until it is done, and to where it was verified', async () => {
    const { pool, schema } = bench;
    const id = await requestOperation(pool, schema, 'rebuild', { projections: ['revenue'] });
    const asked = { id, kind: 'rebuild', projections: ['revenue'] };
    expect((await pipeline()).operations).to.deep.equal([
      { ...asked, status: 'QUEUED', step: null, done: null, total: null, startedAt: null },
    ]);
    await beginOperation(pool, schema, id);
    await reportProgress(pool, schema, id, { step: 'folding the log', done: 4, total: 10 });
    const [found] = (await pipeline()).operations;
    expect(found).to.deep.include({ ...asked, status: 'RUNNING', step: 'folding the log', done: 4, total: 10 });
    expect(found?.startedAt).to.be.a('string');
    const operator = await openOperator(bench);
    await until('it is done', async () => (await pipeline()).operations.length === 0);
    const revenue = (await pipeline()).projections.filter(({ name }) => name === 'revenue');
    expect(revenue.map(({ status, verifiedTo }) => [status, verifiedTo])).to.deep.equal([
      ['PREVIOUS', null],
      ['LIVE', await vector()],
    ]);
    await operate(bench, 'as-of', { label: 'now', vector: Object.fromEntries(await bench.log.ends()) });
    await operator.stop();
    await requestOperation(pool, schema, 'drop-as-of', { label: 'now' });
    const asOf = await pipeline(`query @asOf(label: "now") ${question}`);
    expect(asOf.operations).to.deep.equal([]);
    expect(asOf.projections.every(({ lagEvents }) => lagEvents === null)).to.equal(true);
    expect((await pipeline()).operations).to.have.length(1);
  });

  it('answers all else when Kafka is away', async () => {
    const apart = await startTestReadApi({ kafka: ['127.0.0.1:1'] });
    const { data, errors } = await apart.query<{ pipeline: Pipeline }>(question);
    await apart.stop();
    expect(errors).to.equal(undefined);
    expect([data.pipeline.logEnds, data.pipeline.operations]).to.deep.equal([null, []]);
    expect(data.pipeline.projections[0]).to.include({ status: 'LIVE', lagEvents: null, lagSeconds: null });
  });
});
