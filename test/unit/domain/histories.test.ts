/** Random commands on one sale: its money is conserved, each has one outcome, and the state is what the events say. */
import { expect } from 'chai';
import fc from 'fast-check';
import { keyOf, type Outcome } from '../../../domain/decide.ts';
import type { Command, Payment, RecordSale } from '../../../domain/messages.generated.ts';
import { type AcceptedEvent, evolve, initialState, type NewEvent } from '../../../domain/state.ts';
import { accountIn, accountOf } from './account.ts';
import { NOW, recordSale } from './arbitrary.ts';
import { History } from './history.ts';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const step = fc.record({
  what: fc.constantFrom('whole', 'lines', 'lines', 'amount', 'amount', 'stated', 'stated', 'void', 'sale'),
  id: fc.constantFrom('A', 'B', 'C', 'D'),
  fresh: fc.boolean(),
  share,
  extra: share,
  lines: fc.array(fc.record({ index: fc.nat(7), quantity: fc.integer({ min: 1, max: 400 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  // Sales are paid by card and in cash; one method may be named more than once.
  split: fc.array(
    fc.record({ method: fc.constantFrom('card', 'card', 'cash', 'cash', 'cash', 'cheque'), weight: fc.nat(9) }),
    { minLength: 1, maxLength: 3 },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const history = fc
  .tuple(recordSale, fc.array(step, { maxLength: 14 }))
  .map(([data, steps]): [Sale, ...Command[]] => [{ type: 'RecordSale', data }, ...steps.map(commandOn(data))]);
type Sale = Extract<Command, { type: 'RecordSale' }>;

/** A command on the sale; about half of the asked amounts are within what is left. */
function commandOn(data: RecordSale) {
  return (one: Step, number: number): Command => {
    const { saleId, lines } = data;
    const commandId = one.fresh ? `attempt-${number}` : `attempt:${one.id}`;
    if (one.what === 'sale') return { type: 'RecordSale', data: { ...data, commandId } };
    if (one.what === 'void') return { type: 'VoidSale', data: head(saleId, commandId) };
    const shipping = Math.floor(data.shipping * one.extra);
    const tax = Math.floor(data.tax * one.extra);
    const none = { refundId: one.id, whole: false, lines: null, amount: null, shipping, tax, payments: null };
    if (one.what === 'whole')
      return { type: 'RefundSale', data: { ...head(saleId, commandId), ...none, whole: true, shipping: 0, tax: 0 } };
    if (one.what === 'lines') {
      const asked = new Map(
        one.lines.map(({ index, quantity }) => [lines[index % lines.length]?.lineId ?? '', quantity]),
      );
      const list = [...asked].map(([lineId, quantity]) => ({ lineId, quantity }));
      return { type: 'RefundSale', data: { ...head(saleId, commandId), ...none, lines: list } };
    }
    const amount = Math.max(1, Math.floor((sum(data.payments) - data.shipping - data.tax) * one.share));
    const payments = one.what === 'stated' ? stated(amount + shipping + tax, one.split) : null;
    return { type: 'RefundSale', data: { ...head(saleId, commandId), ...none, amount, payments } };
  };
}

function head(saleId: string, commandId: string) {
  return { commandId, replyTo: null, saleId, occurredAt: NOW };
}

/** `due` by several methods; the last one gets the rest. */
function stated(due: number, split: Step['split']): Payment[] {
  const weights = split.reduce((all, { weight }) => all + weight + 1, 0);
  const payments = split.map(({ method, weight }) => ({ method, amount: Math.floor((due * (weight + 1)) / weights) }));
  const last = payments.at(-1);
  if (last) last.amount += due - sum(payments);
  return payments;
}

describe('any sequence of commands', () => {
  it('conserves money per line, per payment method and in all; effects happen once; amounts stay whole', () => {
    let refunds = 0;
    let splits = 0;
    fc.assert(
      fc.property(history, (commands) => {
        const told = new History();
        for (const command of commands) {
          const { event } = told.send(command);
          expectConserved(told.events);
          if (event?.type !== 'SaleRefunded') continue;
          const { payments, request } = event.data;
          if (request.payments) expect(payments).to.deep.equal(request.payments);
          refunds += 1;
          splits += request.payments && new Set(payments.map(({ method }) => method)).size > 1 ? 1 : 0;
        }
      }),
      { numRuns: 500 },
    );
    expect(refunds, 'refunds that took place').to.be.above(200);
    expect(splits, 'refunds by several stated methods').to.be.above(10);
  });

  it('has one outcome a command: sent again, it gives no event and is told what it was told first', () => {
    const seen = { accepted: 0, repeated: 0, refused: 0, conflicts: 0 };
    fc.assert(
      fc.property(history, (commands) => {
        const told = new History();
        const settled: { command: Command; outcome: Outcome }[] = [];
        for (const command of commands) {
          const { commandId } = command.data;
          const { event, outcome } = told.send(command);
          const again = told.ask(command, '1:0');
          if (event?.type === 'CommandRejected' && event.data.commandId !== commandId) {
            // An accepted command has the id, for ever: this one can only be refused, each time where it stands.
            const named = acceptedIn(told.events).filter(({ data }) => data.commandId === commandId);
            expect(named, 'accepted under the command id').to.have.length(1);
            expect(event.data).to.include({ commandId: `0:${899 + told.events.length}`, code: 'CONFLICT' });
            expect(again).to.deep.equal({ event: { ...event, data: { ...event.data, commandId: '1:0' } } });
            seen.conflicts += 1;
            continue;
          }
          const first = event ? outcomeSaidBy(event, told.events.length - 1) : outcome;
          expect(again, 'sent again at once').to.deep.equal({ outcome: first });
          if (event) settled.push({ command, outcome: outcomeSaidBy(event, told.events.length - 1) });
          if (!event) seen.repeated += 1;
          else if (event.type === 'CommandRejected') seen.refused += 1;
          else seen.accepted += 1;
        }
        for (const { command, outcome } of settled) {
          expect(told.ask(command, '1:0'), 'sent again later').to.deep.equal({ outcome });
        }
      }),
      { numRuns: 300 },
    );
    for (const [what, times] of Object.entries(seen)) expect(times, what).to.be.above(20);
  });

  it('leaves of the sale what its events add up to, after each of them', () => {
    fc.assert(
      fc.property(history, (commands) => {
        const told = new History();
        for (const command of commands) {
          expect(keyOf(command)).to.equal(commands[0].data.saleId);
          told.send(command);
          expect(accountIn(told.state)).to.deep.equal(accountOf(told.events));
        }
      }),
    );
  });

  it('gives a state that has each of its events, whatever came before and after', () => {
    // The decision lets no void stand beside refunds; the fold keeps both all the same.
    const anyOrder = history.chain(([first, ...rest]) => {
      const voiding: Command = { type: 'VoidSale', data: head(first.data.saleId, 'void') };
      const [, voided] = eventsOf([first, voiding]);
      const others = eventsOf([first, ...rest]).filter(({ type }) => type !== 'SaleVoided');
      const events = voided ? [...others, voided] : others;
      return fc.shuffledSubarray(events, { minLength: events.length });
    });
    fc.assert(
      fc.property(anyOrder, (events) => {
        const state = events.reduce((before, event, offset) => evolve(before, event, offset), initialState);
        const recorded = events.map(({ type, data }, offset) => ({ type, content: data, offset }));
        const of = (wanted: NewEvent['type']) =>
          recorded.filter(({ type }) => type === wanted).map(({ type: _, ...rest }) => rest);
        expect([state.sale]).to.deep.equal(of('SaleRecorded'));
        expect(state.voided ? [state.voided] : []).to.deep.equal(of('SaleVoided'));
        expect(state.refunds).to.deep.equal(of('SaleRefunded'));
        expect([...state.rejections]).to.deep.equal(of('CommandRejected'));
        expect(state.return).to.equal(null);
      }),
    );
  });
});

function eventsOf(commands: readonly Command[]): NewEvent[] {
  const told = new History();
  for (const command of commands) told.send(command);
  return told.events;
}

/** By the rules of the log's format, not by the code that decides. */
function outcomeSaidBy(event: NewEvent, offset: number): Outcome {
  if (event.type === 'CommandRejected') {
    const { commandId, code, detail } = event.data;
    return { outcome: 'rejected', eventId: `CommandRejected:${commandId}`, offset, code, detail };
  }
  if (event.type === 'ReturnRecorded') throw new Error('a return among the commands on a sale');
  const { saleId } = event.data;
  const ids = event.type === 'SaleRefunded' ? `${saleId}:${event.data.refundId}` : saleId;
  return { outcome: 'accepted', eventId: `${event.type}:${ids}`, offset };
}

function acceptedIn(events: readonly NewEvent[]): AcceptedEvent[] {
  return events.filter((event): event is AcceptedEvent => event.type !== 'CommandRejected');
}

function expectConserved(events: readonly NewEvent[]): void {
  const accepted = acceptedIn(events);
  const ids = accepted.map((event) => `${event.type}${'refundId' in event.data ? event.data.refundId : ''}`);
  expect(new Set(ids).size, 'each domain id takes effect once').to.equal(ids.length);
  if (ids.includes('SaleVoided')) expect(ids, 'a void stands alone').to.have.length(2);
  for (const amount of amountsIn(accepted)) expect(Number.isSafeInteger(amount) && amount >= 0).to.equal(true);
  for (const { type, data } of accepted) {
    if (type !== 'SaleRefunded') continue;
    expect(sum(data.payments), 'a refund pays what it gives').to.equal(sum(data.lines) + data.shipping + data.tax);
  }
  const left = accountOf(events);
  const lines = Object.values(left.lines);
  for (const amount of [...amountsIn(left.lines), ...amountsIn(left.methods), left.shipping, left.tax]) {
    expect(amount, 'left of a line, its pieces, a method, shipping or tax').to.be.at.least(0);
  }
  const kept = Object.values(left.methods).reduce((all, amount) => all + amount, 0);
  expect(kept, 'kept').to.equal(sum(lines) + left.shipping + left.tax);
}

function amountsIn(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(amountsIn);
}

function sum(items: readonly { amount: number }[]): number {
  return items.reduce((all, { amount }) => all + amount, 0);
}
