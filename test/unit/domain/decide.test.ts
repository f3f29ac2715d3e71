import { expect } from 'chai';
import fc from 'fast-check';
import { decide, type ReceivedCommand } from '../../../domain/decide.ts';
import type { Command, RecordSale } from '../../../domain/messages.generated.ts';
import { saleTotal } from '../../../domain/sale.ts';
import { evolve, initialState, type NewEvent, type State } from '../../../domain/state.ts';
import { NOW, recordReturn, recordSale } from './arbitrary.ts';

const sale: RecordSale = {
  commandId: 'S1',
  replyTo: null,
  saleId: 'S1',
  occurredAt: NOW,
  currency: 'GBP',
  channel: 'online',
  country: 'GB',
  customerId: null,
  lines: [
    {
      lineId: '1',
      productId: 'P1',
      productName: 'Mug',
      category: 'Kitchen',
      quantity: 3,
      unitPrice: 2_550_000,
      discount: 65,
    },
  ],
  shipping: 300,
  tax: 0,
  payments: [{ method: 'card', amount: 1000 }],
};

const recorded: Command = { type: 'RecordSale', data: sale };

function received(command: Command, place = '0:7'): ReceivedCommand {
  return { command, place, receivedAt: NOW };
}

/** Decides, and folds what was decided. */
function apply(state: State, command: Command, offset: number): { state: State; event: NewEvent | undefined } {
  const { event } = decide(state, received(command, `0:${offset}`));
  return { state: event ? evolve(state, event, offset) : state, event };
}

function changed(fields: Partial<RecordSale>): Command {
  return { type: 'RecordSale', data: { ...sale, ...fields } };
}

describe('decide', () => {
  it('records a sale with the gross of each line', () => {
    const { event } = decide(initialState, received(recorded));
    expect(event?.type).to.equal('SaleRecorded');
    expect(event?.type === 'SaleRecorded' && event.data.lines[0]?.gross).to.equal(765);
  });

  it('adds nothing for a repeat and answers with the original outcome', () => {
    const { state } = apply(initialState, recorded, 41);
    expect(decide(state, received(changed({ commandId: 'again' })))).to.deep.equal({
      outcome: { outcome: 'accepted', eventId: 'SaleRecorded:S1', offset: 41 },
    });
  });

  it('knows a repeat of what was accepted, whatever the rules or the clock say by now', () => {
    const { state } = apply(initialState, recorded, 41);
    const longAgo = { ...received(recorded), receivedAt: NOW - 30 * 24 * 3600 * 1000 };
    expect(decide(initialState, longAgo).event?.data).to.include({ code: 'INVALID' });
    expect(decide(state, longAgo).outcome).to.deep.equal({
      outcome: 'accepted',
      eventId: 'SaleRecorded:S1',
      offset: 41,
    });
  });

  it('refuses other content under the same id and names the field', () => {
    const { state } = apply(initialState, recorded, 41);
    const { event } = decide(state, received(changed({ commandId: 'other', country: 'FR' })));
    expect(event?.data).to.include({ commandId: 'other', code: 'CONFLICT' });
    expect(event?.type === 'CommandRejected' && event.data.detail).to.match(/^\/country /);
  });

  it('keeps the one outcome of a command id: a conflict under the accepted id is refused under its place', () => {
    const { state } = apply(initialState, recorded, 41);
    const { event } = decide(state, received(changed({ country: 'FR' }), '0:42'));
    expect(event?.data).to.include({ commandId: '0:42', code: 'CONFLICT' });
  });

  it('keeps a refusal for ever under its command id, and takes a new attempt under a new one', () => {
    const wrong = changed({ payments: [{ method: 'card', amount: 999 }] });
    const { state, event } = apply(initialState, wrong, 3);
    expect(event?.data).to.include({ commandId: 'S1', code: 'INVALID' });
    expect(decide(state, received(recorded)).outcome).to.include({ outcome: 'rejected', offset: 3, code: 'INVALID' });
    expect(decide(state, received(changed({ commandId: 'S1-b' }))).event?.type).to.equal('SaleRecorded');
  });

  for (const [what, fields, pointer] of [
    ['payments that do not add up', { payments: [{ method: 'card', amount: 1 }] }, '/payments'],
    ['a negative quantity', { lines: [{ ...line(), quantity: -1 }] }, '/lines/0/quantity'],
    ['a fractional quantity', { lines: [{ ...line(), quantity: 1.5 }] }, '/lines/0/quantity'],
    ['a discount above the gross', { lines: [{ ...line(), discount: 766 }] }, '/lines/0/discount'],
    ['two lines of one id', { lines: [line(), line()] }, '/lines/1/lineId'],
    ['no line', { lines: [] }, '/lines'],
    ['a currency that is none', { currency: 'XYZ' }, '/currency'],
    ['a country that is none', { country: 'Britain' }, '/country'],
    ['a date in the future', { occurredAt: NOW + 3 * 24 * 3600 * 1000 }, '/occurredAt'],
    ['a date before 1970', { occurredAt: -1 }, '/occurredAt'],
    ['control characters in an id', { saleId: 'a\u0000b' }, '/saleId'],
    ['half a surrogate pair', { customerId: '\ud800' }, '/customerId'],
    ['an empty channel', { channel: '' }, '/channel'],
    ['a negative shipping', { shipping: -1 }, '/shipping'],
    ['an amount beyond all bounds', { lines: [{ ...line(), quantity: 1e9, unitPrice: 1e15 }] }, '/lines/0'],
  ] as [string, Partial<RecordSale>, string][]) {
    it(`refuses ${what}`, () => {
      const { event } = decide(initialState, received(changed(fields)));
      expect(event?.type === 'CommandRejected' && event.data.detail.split(' ')[0]).to.equal(pointer);
    });
  }

  it('takes every valid command, conserves its money, and decides it once', () => {
    const commands = fc.oneof(
      recordSale.map((data): Command => ({ type: 'RecordSale', data })),
      recordReturn.map((data): Command => ({ type: 'RecordReturn', data })),
    );
    fc.assert(
      fc.property(commands, (command) => {
        const { state, event } = apply(initialState, command, 5);
        expect(event?.type).to.not.equal('CommandRejected');
        if (event?.type === 'SaleRecorded') {
          const paid = event.data.payments.reduce((sum, { amount }) => sum + amount, 0);
          expect(paid).to.equal(saleTotal(event.data));
        }
        expect(apply(state, command, 6).event).to.equal(undefined);
      }),
    );
  });
});

function line() {
  return { ...sale.lines[0], lineId: '1' } as RecordSale['lines'][number];
}
