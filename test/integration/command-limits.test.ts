/** How large a command may be, all the way from HTTP to the read models. */
import { expect } from 'chai';
import type pg from 'pg';
import type { Answer } from '../../commands/answer.ts';
import type { Problem } from '../../commands/api/problem.ts';
import { limits } from '../../domain/violations.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import { createPool } from '../../platform/postgres/index.ts';
import { saleJson } from '../support/command-side.ts';
import { dropNamespace, servers } from '../support/servers.ts';
import { type Services, startServices, until } from '../support/services.ts';

type Body = Partial<Answer & Problem> & { error?: Problem };

/** A penny each: 2,000 lines come near the largest amount. */
const PIECES = 400_000_000;

describe('large commands', function () {
  this.timeout(120_000);
  let config: Config;
  let services: Services;
  let pool: pg.Pool;

  before(async () => {
    config = await servers({ partitions: 2 });
    services = await startServices(config, ['command-api', 'command-processor', 'projection-worker']);
    pool = createPool(config, { applicationName: 'test' });
  });

  after(async () => {
    await services?.stop();
    await pool?.end();
    if (config) await dropNamespace(config);
  });

  /** An order whose texts are all as long as allowed, made of one character. */
  function order(saleId: string, lines: number, character = 'x') {
    const id = (index: number) => String(index).padEnd(limits.idLength, character);
    return saleJson(saleId, {
      channel: id(0),
      customerId: id(0),
      lines: Array.from({ length: lines }, (_, index) => ({
        lineId: id(index),
        productId: id(index),
        productName: character.repeat(limits.textLength),
        category: id(0),
        quantity: PIECES,
        unitPrice: 10_000,
        discount: 0,
      })),
      payments: [{ method: id(0), amount: lines * PIECES }],
    });
  }

  async function post(path: string, body: string) {
    const type = path === '/commands' ? 'application/x-ndjson' : 'application/json';
    const response = await fetch(services.commandsUrl + path, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    return { status: response.status, body: JSON.parse((await response.text()).trim()) as Body };
  }

  const single = ({ type: _, ...body }: { type: string }, path = '/sales') => post(path, JSON.stringify(body));

  async function inLedger(saleId: string, kind: string): Promise<boolean> {
    const table = `${namesOf(config.namespace).postgres.read}.sales`;
    const { rows } = await pool.query(`select units from ${table} where id = $1 and kind = $2`, [saleId, kind]);
    return rows[0]?.units === limits.lines * PIECES;
  }

  it('of 2,000 lines with the longest ASCII texts are recorded, refunded and voided', async () => {
    const [first, second] = [order('single', limits.lines), order('bulk', limits.lines)];
    expect(JSON.stringify(first).length).to.be.greaterThan(2_000_000);
    expect((await single(first)).body).to.include({ outcome: 'accepted', repeated: false });
    expect((await post('/commands', JSON.stringify(second))).body).to.include({ outcome: 'accepted', repeated: false });
    await until('the first is in the ledger', () => inLedger('single', 'SALE'), 30_000);
    const lines = first.lines.map(({ lineId, quantity }) => ({ lineId, quantity: quantity - 1 }));
    const refund = { type: 'RefundSale', saleId: 'single', refundId: 'r', occurredAt: '2026-02-01T09:30:00Z', lines };
    expect((await single(refund, '/refunds')).body).to.include({ outcome: 'accepted' });
    const voiding = { type: 'VoidSale', saleId: 'bulk', occurredAt: '2026-02-01T09:30:00Z' };
    expect((await single(voiding, '/voids')).body).to.include({ outcome: 'accepted' });
    expect((await single(first)).body).to.include({ outcome: 'accepted', repeated: true });
    await until('the void is in the ledger', () => inLedger('bulk', 'VOID'), 30_000);
  });

  it('of more lines, or of more bytes than the log takes, are refused, and it is said what to do', async () => {
    const more = await single(order('more', limits.lines + 1));
    expect(more).to.deep.include({ status: 422 });
    expect(more.body.pointer).to.equal('/lines');
    const wide = order('wide', 1400, '\u0416');
    for (const { body } of [await single(wide), await post('/commands', JSON.stringify(wide))]) {
      const problem = body.error ?? body;
      expect(problem).to.include({ status: 413, type: 'too-large' });
      expect(problem.detail).to.match(/takes \d+ bytes in the log, and at most \d+ are allowed/);
    }
    const huge = await single(order('huge', 2000, '\u20ac'));
    expect(huge.status).to.equal(413);
    expect((await single(order('after', 1))).status).to.equal(201);
  });
});
