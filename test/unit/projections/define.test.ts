import { expect } from 'chai';
import { defineProjection, ignore, sum } from '../../../projections/define.ts';
import { startFold } from '../../../projections/fold.ts';
import { copyIn, createIndexes, createTable, createView, upsert } from '../../../projections/sql.ts';
import { sale } from '../../support/documents.ts';

const customers = defineProjection({
  name: 'customers',
  version: 1,
  table: {
    key: { customer: 'text' },
    measures: {
      orders: sum,
      first_purchase: { type: 'timestamptz', merge: 'min' },
      last_purchase: { type: 'timestamptz', merge: 'max' },
      channel: { type: 'text', merge: 'last' },
    },
  },
  handlers: {
    SaleRecorded({ customerId, occurredAt, channel }, emit) {
      if (customerId === null) return;
      emit({ customer: customerId }, { orders: 1, first_purchase: occurredAt, last_purchase: occurredAt, channel });
    },
    SaleRefunded: ignore,
    SaleVoided: ignore,
    ReturnRecorded: ignore,
    CommandRejected: ignore,
  },
});

const target = { projection: customers, schema: 'shop', generation: 2 };

describe('defineProjection', () => {
  it('does not compile when a handler is missing or emits what the table does not have', () => {
    defineProjection({
      name: 'broken',
      version: 1,
      table: { key: { currency: 'text' }, measures: { orders: sum } },
      // @ts-expect-error: CommandRejected is missing
      handlers: { SaleRecorded: ignore, SaleRefunded: ignore, SaleVoided: ignore, ReturnRecorded: ignore },
    });
    defineProjection({
      name: 'broken',
      version: 1,
      table: { key: { currency: 'text' }, measures: { orders: sum } },
      handlers: {
        // @ts-expect-error: the table has no such measure
        SaleRecorded: ({ currency }, emit) => emit({ currency }, { sales: 1 }),
        SaleRefunded: ignore,
        SaleVoided: ignore,
        ReturnRecorded: ignore,
        CommandRejected: ignore,
      },
    });
  });

  it('merges by sum, min, max and last', () => {
    const fold = startFold(customers);
    const place = { partition: 0, recordedAt: 100, storeDay: () => '' };
    fold.add(sale('a', { customerId: 'c', occurredAt: 20, channel: 'store' }), { ...place, offset: 0 });
    fold.add(sale('b', { customerId: 'c', occurredAt: 10, channel: 'online' }), { ...place, offset: 1 });
    fold.add(sale('c', { customerId: 'c', occurredAt: 30, channel: 'phone' }), { ...place, offset: 9, recordedAt: 99 });
    expect([...fold.rows()]).to.deep.equal([
      {
        customer: 'c',
        orders: 3,
        first_purchase: 10,
        last_purchase: 30,
        channel: 'online',
        last_recorded: 100 * 256,
      },
    ]);
  });

  it('derives table, view and upsert', () => {
    expect(createTable(target)).to.equal(
      'create table "shop"."customers_g2" ("orders" bigint not null default 0, ' +
        '"first_purchase" timestamptz, "last_purchase" timestamptz, "last_recorded" bigint not null, ' +
        '"customer" text not null, "channel" text) with (fillfactor = 80)',
    );
    expect(createIndexes(target)).to.deep.equal([
      'create unique index if not exists "customers_g2_key" on "shop"."customers_g2" ("customer")',
    ]);
    expect(createView(target)).to.deep.equal([
      'drop view if exists "shop"."customers"',
      'create view "shop"."customers" as select "customer", "orders", "first_purchase", "last_purchase", ' +
        '"channel" from "shop"."customers_g2"',
    ]);
    expect(upsert(target)).to.equal(
      'insert into "shop"."customers_g2" as kept ("customer", "orders", "first_purchase", "last_purchase", "channel", ' +
        '"last_recorded") select * from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], ' +
        '$5::text[], $6::bigint[]) as added ("customer", "orders", "first_purchase", "last_purchase", "channel", ' +
        '"last_recorded") order by "customer" on conflict ("customer") do update set ' +
        '"orders" = kept."orders" + excluded."orders", ' +
        '"first_purchase" = least(kept."first_purchase", excluded."first_purchase"), ' +
        '"last_purchase" = greatest(kept."last_purchase", excluded."last_purchase"), ' +
        '"channel" = case when excluded."last_recorded" >= kept."last_recorded" then excluded."channel" else kept."channel" end, ' +
        '"last_recorded" = greatest(kept."last_recorded", excluded."last_recorded")',
    );
    expect(copyIn(target)).to.match(/^copy "shop"."customers_g2" \("customer", .* from stdin$/);
  });
});
