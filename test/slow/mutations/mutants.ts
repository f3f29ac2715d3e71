/** The guards of the command side (and those that keep what is derived from the log), each taken away by a small patch. */
import type { Mutant } from '../../support/mutants.ts';

const model = ['model/model'];
const owner = 'commands/processor/owner.ts';
const follower = 'commands/processor/follower.ts';
const parking = 'commands/processor/parking.ts';
const view = 'commands/processor/view.ts';
const received = 'commands/processor/received.ts';
const batch = 'commands/processor/batch.ts';
const store = 'commands/state/store.ts';
const decide = 'domain/decide.ts';
const refund = 'domain/refund.ts';
const fold = 'domain/state.ts';
const histories = ['unit/domain/histories'];

/** Guards of the log: what is valid, who may append, and where deciding goes on. */
const log: Mutant[] = [
  {
    guard: 'the validity rule: an event is valid only where its writer expected it to land',
    patch: {
      file: 'schemas/address.ts',
      search: 'return peekAddress(record.value)?.expectedOffset === record.offset;',
      replacement: 'return peekAddress(record.value) !== undefined;',
    },
    tests: model,
    says: /a processor ended by itself|differs|stands in the log twice|where no valid event stands/,
  },
  {
    guard: 'the comparison of baseOffset with the expected offset',
    patch: {
      file: owner,
      search: 'if (landed !== expected) throw',
      replacement: 'if (landed < 0) throw',
    },
    tests: model,
    says: /where no valid event stands|a processor ended by itself|was passed over|says another .* than the log/,
  },
  {
    guard: 'an unknown outcome of an append is unknown',
    patch: {
      file: owner,
      search: 'const landed = await this.#options.append(',
      replacement: 'const landed = await ((all) => this.#options.append(all).catch(() => expected))(',
    },
    tests: model,
    says: /where no valid event stands|a processor ended by itself|was passed over|says another .* than the log/,
  },
  {
    guard: 'nothing is answered before it stands in the log',
    patch: {
      file: owner,
      search: '    await this.#append(batch);\n',
      replacement: '    this.#options.answer(batch);\n    await this.#append(batch);\n',
    },
    tests: model,
    says: /where no valid event stands|says another .* than the log/,
  },
  {
    guard: 'deciding goes on no higher than at the last valid commandOffset + 1',
    patch: {
      file: owner,
      search: "this.#seek('commands', this.#toCheck?.offset ?? 0);",
      replacement: 'this.#toCheck = undefined;',
    },
    tests: model,
    says: /was passed over|is no command, and was not refused/,
  },
  {
    guard: 'deciding goes on no lower than at the last valid commandOffset + 1',
    patch: {
      file: owner,
      search: 'if (!this.#toCheck) this.#commands.dropBelow((this.#view.lastCommand?.offset ?? -1) + 1);',
      replacement: '',
    },
    tests: model,
    says: /answers command|stands in the log twice/,
  },
  {
    guard: 'the last decided command is awaited, whatever is decided elsewhere meanwhile',
    patch: {
      file: owner,
      search: 'if (!this.#toCheck) this.#commands.dropBelow',
      replacement: 'this.#commands.dropBelow',
    },
    tests: model,
    says: /a processor ended by itself: LogLostError: command/,
  },
  {
    guard: 'an owner that is told to stop while servers are away ends quietly',
    patch: { file: owner, search: '          if (this.#stopping.signal.aborted) return;\n', replacement: '' },
    tests: model,
    says: /a processor ended by itself/,
  },
  {
    guard: 'events are folded once, wherever reading goes on',
    patch: { file: follower, search: 'this.#inbox.dropBelow(this.#view.position);', replacement: '' },
    tests: model,
    says: /events went on at/,
  },
  {
    guard: 'a hole between events ends the owner',
    patch: {
      file: follower,
      search: 'if (record.offset !== this.#view.position) {',
      replacement: 'if (record.offset < 0) {',
    },
    tests: ['model/lost-log'],
    says: /ends at a hole between events/,
  },
  {
    guard: 'an event that answers what was answered before ends the owner',
    patch: { file: follower, search: 'if (commandOffset <= last) {', replacement: 'if (commandOffset < -1) {' },
    tests: ['model/lost-log'],
    says: /ends when an event answers what was answered before/,
  },
  {
    guard: 'the last decided command is checked to be the same still',
    patch: {
      file: owner,
      search: 'if (received?.record.offset !== offset || (id !== found && id !== received.place)) {',
      replacement: 'if (received?.record.offset !== offset) {',
    },
    tests: ['model/lost-log'],
    says: /ends when the last decided command is another one now/,
  },
  {
    guard: 'a refusal is an event',
    patch: {
      file: batch,
      search: 'if (!event) return { received, outcome };',
      replacement:
        'if (!event) return { received, outcome };\n' +
        "    if (event.type === 'CommandRejected') return { received, outcome: outcomeOf(event, offset) };",
    },
    tests: model,
    says: /was passed over|where no valid event stands/,
  },
  {
    guard: 'a command whose key is not its id is refused',
    patch: { file: received, search: 'if (keyOf(command) !== key) {', replacement: 'if (key === undefined) {' },
    tests: model,
    says: /is no command, and was not refused|was not loaded/,
  },
  {
    guard: 'a command in a partition that its key does not belong to is refused',
    patch: { file: received, search: 'if (belongs !== partition) {', replacement: 'if (belongs < 0) {' },
    tests: model,
    says: /is no command, and was not refused/,
  },
  {
    guard: 'a command whose id could be a place is refused',
    patch: { file: 'domain/violations.ts', search: ' && !looksLikePlace(text)', replacement: '' },
    tests: model,
    says: /is no command, and was not refused|stands in the log twice/,
  },
  {
    guard: 'a record that is no command is refused, and deciding goes on',
    patch: {
      file: received,
      search: "if (error instanceof DecodeError) return refuse('UNREADABLE', error.message);",
      replacement: '',
    },
    tests: model,
    says: /a processor ended by itself: DecodeError/,
  },
  {
    guard: 'the bytes of an invalid command are kept',
    patch: { file: batch, search: "event.data.code === 'INVALID'", replacement: 'event.data.code === undefined' },
    tests: model,
    says: /the bytes of .* are not kept/,
  },
  {
    guard: 'the bytes of a record that is no command are kept',
    patch: {
      file: parking,
      search: 'await this.#park(record, parkAs);',
      replacement: 'void parkAs;',
    },
    tests: model,
    says: /the bytes of .* are not kept/,
  },
  {
    guard: 'the bytes of a record are kept once, however often its batch is decided again',
    patch: { file: parking, search: ' || this.#parked.has(record.offset)', replacement: '' },
    tests: ['model/parking'],
    says: /parks a record once, though its batch landed elsewhere/,
  },
];

/** Guards within a batch. */
const batches: Mutant[] = [
  {
    guard: 'a command is decided on what those before it in the batch leave',
    patch: {
      file: batch,
      search: 'if (state) states.set(received.key, evolve(state, decided.appended.event, offset));',
      replacement: '',
    },
    tests: model,
    says: /stands in the log twice|leaves -|took effect twice|repeats an event/,
  },
  {
    guard: 'each event of a batch expects its own offset',
    patch: { file: batch, search: 'offset += 1;', replacement: '' },
    tests: ['unit/commands/batch'],
    says: /gives each event the offset at which it will stand/,
  },
  {
    guard: 'a batch is cut before it is too large',
    patch: { file: batch, search: 'if (bytes >= limits.bytes) break;', replacement: '' },
    tests: ['unit/commands/batch'],
    says: /is cut between commands by size/,
  },
  {
    guard: 'an event that the topic does not take is refused',
    patch: { file: batch, search: 'if (bytes.length > eventBytes)', replacement: 'if (bytes.length < 0)' },
    tests: ['unit/commands/batch'],
    says: /too large an event/,
  },
];

/** Guards of the write-side state. */
const state: Mutant[] = [
  {
    guard: 'a load compares its checkpoint with what this owner wrote last',
    patch: {
      file: view,
      search: 'if (![...before, this.#stored, this.#writing].includes(nextOffset)) {',
      replacement: 'if (nextOffset < 0) {',
    },
    tests: model,
    says: /stands in the log twice|repeats an event|has an outcome that is not its own|leaves -|not its own|other events|does not add up|is not the whole/,
  },
  {
    guard: 'a load shows rows and checkpoint of one snapshot',
    patch: {
      file: store,
      search: '    return requests.map(([partition]) => {\n      const own',
      replacement:
        `    const later = await pool.query(\`select partition, next_offset from \${schema}.checkpoints_v2\`);\n` +
        '    for (const row of rows)\n' +
        '      row.next_offset = later.rows.find(({ partition }) => partition === row.partition).next_offset;\n' +
        '    return requests.map(([partition]) => {\n      const own',
    },
    tests: ['model/store'],
    says: /shows events and checkpoint of one moment/,
  },
  {
    guard: 'a flush moves the checkpoint only from where it is expected',
    patch: { file: store, search: 'and c.next_offset = f.expected ', replacement: '' },
    tests: ['model/store'],
    says: /does in Postgres what it does in the model/,
  },
  {
    guard: 'a flush moves the checkpoint of its own generation only',
    patch: { file: store, search: ' and c.generation = f.generation', replacement: '' },
    tests: ['model/store'],
    says: /does in Postgres what it does in the model/,
  },
  {
    guard: 'a flush writes no rows without its checkpoint',
    patch: { file: store, search: 'join moved using (partition))\n', replacement: ')\n' },
    tests: ['model/store'],
    says: /does in Postgres what it does in the model/,
  },
  {
    guard: 'an owner whose flush was not taken starts over',
    patch: {
      file: view,
      search: 'if (!(await this.#store.flush(this.#partition, this.#stored, next, this.#flushing))) {',
      replacement:
        'if ((await this.#store.flush(this.#partition, this.#stored, next, this.#flushing)) === undefined) {',
    },
    tests: ['model/view'],
    says: /is given up when the store does not take it/,
  },
  {
    guard: 'what a failed flush did not write is written by the next one',
    patch: {
      file: view,
      search: 'this.#flushing = this.#flushing.concat(this.#unflushed);',
      replacement: 'this.#flushing = this.#unflushed;',
    },
    tests: model,
    says: /has other events than the log|stands in the log twice|repeats an event/,
  },
  {
    guard: 'states whose events are not stored yet stay in memory',
    patch: { file: view, search: '!pinned.has(key) && ', replacement: '' },
    tests: ['model/view'],
    says: /is what a fold of the whole log gives/,
  },
  {
    guard: 'a rebuilt state is noticed',
    patch: {
      file: view,
      search: 'if (generation !== this.#generation) {',
      replacement: 'if (generation < 0) {',
    },
    tests: ['model/view'],
    says: /is given up when the store was rebuilt/,
  },
];

/** Guards of the decision. */
const decisions: Mutant[] = [
  {
    guard: 'deciding a command again gives no second event',
    patch: {
      file: decide,
      search: 'if (standing && difference === undefined)',
      replacement: 'if (!standing && difference)',
    },
    tests: model,
    says: /stands in the log twice|repeats an event/,
  },
  {
    guard: 'a repeat is told from another content under the same id',
    patch: { file: decide, search: 'if (standing && difference === undefined)', replacement: 'if (standing)' },
    tests: model,
    says: /says what is said about another command|was passed over/,
  },
  {
    guard: 'a repeat is one whatever the rules say by now',
    patch: {
      file: decide,
      search: 'if (standing && difference === undefined)',
      replacement: 'if (standing && difference === undefined && !propose(command, receivedAt).violation)',
    },
    tests: model,
    says: /repeats an event, but appended one/,
  },
  {
    guard: 'refused command ids are remembered',
    patch: {
      file: decide,
      search: 'state.rejections.find(commandId)',
      replacement: "state.rejections.find('')",
    },
    tests: model,
    says: /stands in the log twice/,
  },
  {
    guard: 'a refused command that is sent again has its first refusal, and no event',
    patch: { file: decide, search: 'if (refused) return', replacement: 'if (refused && !command) return' },
    tests: histories,
    says: /sent again at once/,
  },
  {
    guard: 'a refund leaves the refunds before it as they are',
    patch: { file: fold, search: 'refunds: [...state.refunds, {', replacement: 'refunds: [{' },
    tests: histories,
    says: /conserves money|leaves of the sale what its events add up to/,
  },
  {
    guard: 'an event leaves a void as it is',
    patch: {
      file: fold,
      search: 'return { ...state, refunds: [',
      replacement: 'return { ...state, voided: null, refunds: [',
    },
    tests: histories,
    says: /gives a state that has each of its events/,
  },
  {
    guard: 'refusals are folded',
    patch: {
      file: fold,
      search: 'rejections: state.rejections.with({ content: event.data, offset })',
      replacement: 'rejections: state.rejections',
    },
    tests: model,
    says: /stands in the log twice/,
  },
  {
    guard: 'the refusal of what has an accepted command id is kept under its place',
    patch: { file: decide, search: 'rejection(isTaken ? place : commandId,', replacement: 'rejection(commandId,' },
    tests: model,
    says: /stands in the log twice/,
  },
  {
    guard: 'an accepted command id is not given to another command',
    patch: { file: decide, search: '  if (isTaken) {', replacement: '  if (isTaken && standing) {' },
    tests: model,
    says: /stands in the log twice/,
  },
  {
    guard: 'nothing is refunded after a void',
    patch: {
      file: refund,
      search: "if (voided) return { code: 'SALE_VOIDED'",
      replacement: "if (!sale) return { code: 'SALE_VOIDED'",
    },
    tests: model,
    says: /after its void/,
  },
  {
    guard: 'nothing is voided after a refund',
    patch: { file: 'domain/void.ts', search: 'if (refunds.length > 0) {', replacement: 'if (refunds.length < 0) {' },
    tests: model,
    says: /was voided after a refund/,
  },
  {
    guard: 'nothing is refunded of a sale that was not recorded',
    patch: { file: refund, search: 'if (!sale) return saleNotFound(saleId);', replacement: '' },
    tests: model,
    says: /has an outcome that is not its own/,
  },
  {
    guard: 'a line is refunded no further than its pieces',
    patch: {
      file: refund,
      search: '/quantity`, quantity, one.quantity);',
      replacement: '/quantity`, 0, 0);',
    },
    tests: model,
    says: /leaves -\d+ of (pieces of )?line|has an outcome that is not its own/,
  },
  {
    guard: 'the lines are refunded no further than what is left of them in all',
    patch: {
      file: refund,
      search: "const excess = exceeding(\n    '/amount',\n    amount,",
      replacement: "const excess = exceeding(\n    '/amount',\n    0,",
    },
    tests: model,
    says: /leaves -\d+ of line|has an outcome that is not its own/,
  },
  {
    guard: 'shipping is refunded no further than it was paid',
    patch: { file: refund, search: "exceeding('/shipping', given.shipping, left.shipping) ??", replacement: '' },
    tests: model,
    says: /leaves -\d+ of shipping/,
  },
  {
    guard: 'tax is refunded no further than it was paid',
    patch: { file: refund, search: "exceeding('/tax', given.tax, left.tax) ??", replacement: '' },
    tests: model,
    says: /leaves -\d+ of tax/,
  },
  {
    guard: 'a payment method gives back no more than was paid by it',
    patch: { file: refund, search: '/amount`, asked, paid);', replacement: '/amount`, 0, 0);' },
    tests: model,
    says: /leaves -\d+ of paid/,
  },
  {
    guard: 'stated payments add up to what is refunded',
    patch: { file: refund, search: 'if (given !== due) return', replacement: 'if (given < 0) return' },
    tests: ['unit/domain/refund'],
    says: /takes stated payments that add up/,
  },
  {
    guard: 'refunds before this one are subtracted from what is left',
    patch: { file: refund, search: 'if (left) left.amount -= amount;', replacement: '' },
    tests: model,
    says: /leaves -\d+ of line|does not add up/,
  },
  {
    guard: 'the payments of a sale add up to its total',
    patch: {
      file: 'domain/violations.ts',
      search: 'if (paid === due) return undefined;',
      replacement: 'if (paid <= due) return undefined;',
    },
    tests: model,
    says: /was not paid what it cost/,
  },
  {
    guard: 'an allocation loses nothing to rounding',
    patch: { file: 'domain/allocation.ts', search: 'shares[index] = (shares[index] ?? 0) + 1;', replacement: '' },
    tests: model,
    says: /does not add up/,
  },
];

/** Guards of what is derived from the log. Their tests need the servers. */
const derived: Mutant[] = [
  {
    guard: 'projections pass over void records',
    patch: {
      file: 'projections/log-slice.ts',
      search: 'const decoded = isValid(record) ? decode(codec, record.value) : undefined;',
      replacement: 'const decoded = decode(codec, record.value);',
    },
    tests: ['unit/projections/log-slice'],
    says: /takes an event where it expects to sit and no other/,
  },
  {
    guard: 'rebuilding the write-side state passes over void records',
    patch: {
      file: 'commands/state/copy-log.ts',
      search: 'if (!value || !isValid(record)) continue;',
      replacement: 'if (!value) continue;',
    },
    tests: ['model/rebuild'],
    says: /is what a reader of the log would keep/,
  },
  {
    guard: 'the fence of the live window in Redis',
    patch: {
      file: 'platform/live-window/apply.lua',
      search: 'if found ~= expected then',
      replacement: 'if false then',
    },
    tests: ['integration/live-window'],
    says: /takes nothing from a batch that does not begin where it stands/,
  },
  {
    guard: "the checkpoint condition of the projections' commit",
    patch: { file: 'projections/commit-sql.ts', search: ' and kept.next_offset = move.expected', replacement: '' },
    tests: ['integration/read-models'],
    says: /are closed to a worker that lost its partition/,
  },
  {
    guard: 'a commit whose checkpoint was moved adds no rows',
    patch: { file: 'projections/commit-sql.ts', search: 'if moved <> wanted then', replacement: 'if moved < 0 then' },
    tests: ['integration/read-models'],
    says: /are closed to a worker that lost its partition/,
  },
];

export const mutants: readonly Mutant[] = [...log, ...batches, ...state, ...decisions, ...derived];
