/** The checker of the fault tests must turn red for every rule: one that can't fail proves nothing. */
import { expect } from 'chai';
import { type Answered, type Log, violations } from '../../support/checker.ts';
import type { Fields, Logged } from '../../support/logged.ts';

const document = {
  occurredAt: 1,
  country: 'GB',
  channel: 'online',
  shipping: 0,
  tax: 0,
  lines: [{ lineId: '1', quantity: 2, gross: 500, discount: 0 }],
  payments: [{ method: 'card', amount: 500 }],
};
const half = { lines: [{ lineId: '1', quantity: 1, amount: 250 }], payments: [{ method: 'card', amount: 250 }] };
const sale = { commandId: 'a', saleId: 'a', ...document };
const refund = { commandId: 'f', saleId: 'a', refundId: 'f', occurredAt: 2 };
const refunded = { ...refund, shipping: 0, tax: 0, ...half };

function logged(offset: number, type: string | undefined, fields: Fields, key = 'a'): Logged {
  return { partition: 0, offset, key, value: Buffer.from(`${type} ${offset}`), type, fields };
}

function event(offset: number, commandOffset: number, type: string, fields: Fields, key = 'a'): Logged {
  return logged(offset, type, { expectedOffset: offset, commandOffset, ...fields }, key);
}

/** A sale, its repeat, a contradiction, a refund, and a record that is no command; a void record in between. */
function goodLog() {
  const commands = [
    logged(0, 'RecordSale', sale),
    logged(1, 'RecordSale', { ...sale, replyTo: 'somebody else' }),
    logged(2, 'RecordSale', { ...sale, country: 'FR' }),
    logged(3, 'RefundSale', refund),
    logged(4, undefined, {}, 'native'),
  ];
  const events = [
    event(0, 0, 'SaleRecorded', sale),
    event(1, 2, 'CommandRejected', { commandId: '0:2', code: 'CONFLICT' }),
    logged(2, 'SaleRecorded', { ...sale, expectedOffset: 0, commandOffset: 0 }),
    event(3, 3, 'SaleRefunded', refunded),
    event(4, 4, 'CommandRejected', { commandId: '0:4', code: 'UNREADABLE' }, 'native'),
  ];
  const rejected = [{ ...logged(0, undefined, {}, 'native'), value: commands[4]?.value ?? Buffer.alloc(0) }];
  return { commands, events, rejected };
}

function answer(position: string, outcome: 'accepted' | 'rejected', eventId: string, code = 'CONFLICT'): Answered {
  const answered = { commandId: 'a', eventId, position, repeated: false };
  const command = { type: 'RecordSale' as const, saleId: 'a' };
  return outcome === 'accepted'
    ? { command, outcome: { ...answered, outcome } }
    : { command, outcome: { ...answered, outcome, code, detail: '' } };
}

describe('the checker of the fault tests', () => {
  it('finds nothing wrong with a log and answers that keep the rules', () => {
    const answers = [answer('0:0', 'accepted', 'SaleRecorded:a'), answer('0:1', 'rejected', 'CommandRejected:0:2')];
    expect(violations(goodLog(), answers)).to.deep.equal([]);
  });

  const broken: [what: string, breakLog: (log: ReturnType<typeof goodLog>) => Log, said: RegExp][] = [
    ['a command without outcome', (log) => ({ ...log, events: log.events.slice(0, 4) }), /has no outcome/],
    [
      'a sale recorded twice',
      (log) => ({ ...log, events: [...log.events, event(5, 5, 'SaleRecorded', sale)], commands: again(log, sale) }),
      /uses domain id SaleRecorded:a/,
    ],
    [
      'a command id with two outcomes',
      (log) => {
        const refusal = event(5, 5, 'CommandRejected', { commandId: 'f', code: 'EXCEEDS_PAID' });
        return { ...log, events: [...log.events, refusal], commands: again(log, { ...refund, refundId: 'g' }) };
      },
      /uses command id a\/f/,
    ],
    [
      'a repeat that appended something',
      (log) => {
        const repeat = event(1, 1, 'CommandRejected', { commandId: '0:1', code: 'CONFLICT' });
        return { ...log, events: log.events.map((one) => (one.offset === 1 ? repeat : one)) };
      },
      /is a repeat, and still appended/,
    ],
    [
      'outcomes in another order than their commands',
      (log) => ({ ...log, events: log.events.map((one) => swapped(one, 3, 4)) }),
      /answers command 3 after an event that answers 4/,
    ],
    [
      'an event that says something else than its command',
      (log) => ({ ...log, events: log.events.map((one) => changed(one, 0, { country: 'DE' })) }),
      /is no outcome of RecordSale 0:0/,
    ],
    [
      'an outcome of no command',
      (log) => ({ ...log, commands: log.commands.slice(0, 4) }),
      /answers a command that does not exist/,
    ],
    [
      'a refund of more than was paid',
      (log) => ({
        ...log,
        events: log.events.map((one) => changed(one, 3, { payments: [{ method: 'card', amount: 501 }] })),
      }),
      /gave back 1 too much: by card/,
    ],
    [
      'a void beside a refund',
      (log) => {
        const command = { commandId: 'v', saleId: 'a', occurredAt: 3 };
        const voided = event(5, 5, 'SaleVoided', { ...command, lines: [] });
        return { ...log, events: [...log.events, voided], commands: [...log.commands, logged(5, 'VoidSale', command)] };
      },
      /was voided, and 1 times more changed/,
    ],
    ['bytes that were not kept', (log) => ({ ...log, rejected: [] }), /are not kept/],
  ];
  for (const [what, breakLog, said] of broken) {
    it(`finds ${what}`, () => {
      expect(violations(breakLog(goodLog()), []).join('\n')).to.match(said);
    });
  }

  for (const [what, wrong] of [
    ['names a void record', answer('0:2', 'accepted', 'SaleRecorded:a')],
    ['names no record', answer('0:9', 'accepted', 'SaleRecorded:a')],
    ['says accepted of a refusal', answer('0:1', 'accepted', 'CommandRejected:0:2')],
    ['says rejected of a sale', answer('0:0', 'rejected', 'SaleRecorded:a')],
    ['names another event', answer('0:3', 'accepted', 'SaleRefunded:a:f')],
    ['gives another reason', answer('0:1', 'rejected', 'CommandRejected:0:2', 'INVALID')],
  ] as const) {
    it(`finds an answer that ${what}`, () => {
      expect(violations(goodLog(), [wrong])).to.have.length(1);
    });
  }
});

function again(log: Log, fields: Fields): Logged[] {
  return [...log.commands, logged(5, 'refundId' in fields ? 'RefundSale' : 'RecordSale', fields)];
}

function changed(one: Logged, offset: number, fields: Fields): Logged {
  return one.offset === offset ? { ...one, fields: { ...one.fields, ...fields } } : one;
}

function swapped(one: Logged, left: number, right: number): Logged {
  const other = one.fields.commandOffset === left ? right : one.fields.commandOffset === right ? left : undefined;
  return other === undefined ? one : { ...one, fields: { ...one.fields, commandOffset: other } };
}
