/**
 * What must be true after every history, as a reader sees it who has nothing but the logs: it shares no code with the
 * command side but the Avro schemas.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Answer } from '../../commands/answer.ts';
import type { Command, Event } from '../../domain/messages.generated.ts';
import type { LogRecord } from '../../platform/kafka/records.ts';
import type { Placed } from './client.ts';
import type { Told } from './history.ts';
import { moneyViolations } from './money-rules.ts';
import { keptOf, type Partition, readPartition, type Standing } from './reader.ts';

/** Everything that is wrong after a history; empty when nothing is. */
export function violations(told: Told): string[] {
  const { world } = told;
  const found = world.failures.map((error) => `a processor ended by itself: ${error}`);
  if (!told.settled) found.push('not every command was decided, answered and stored after all faults had ended');
  const logs = Array.from({ length: world.partitions }, (_, partition) => readPartition(world, partition));
  for (const log of logs) {
    found.push(...orderViolations(log), ...outcomeViolations(log));
    found.push(...keepingViolations(told, log), ...storeViolations(told, log));
  }
  const all = logs.flatMap(({ standing }) => standing);
  found.push(...twice(all), ...moneyViolations(all), ...answerViolations(told, logs));
  return found;
}

/** Events answer commands in order, each at most one, and only commands that are there. */
function orderViolations({ partition, commands, standing }: Partition): string[] {
  const offsets = new Set(commands.map(({ offset }) => offset));
  let last = -1;
  return standing.flatMap(({ offset, event: { data } }) => {
    const before = last;
    last = data.commandOffset;
    if (data.commandOffset <= before)
      return [`event ${partition}:${offset} answers command ${data.commandOffset} after ${before}`];
    return offsets.has(data.commandOffset) ? [] : [`event ${partition}:${offset} answers no command`];
  });
}

/** Every command has its own outcome, or repeats what had one before it. */
function outcomeViolations({ commands, standing, byCommand }: Partition): string[] {
  return commands.flatMap(({ offset, place, command }) => {
    const event = byCommand.get(offset)?.event;
    if (!command) return event && isRefusalUnder(event, place) ? [] : [`${place} is no command, and was not refused`];
    const earlier = standing.filter((one) => one.event.data.commandOffset < offset).map((one) => one.event);
    if (!event) return earlier.some((one) => settles(one, command)) ? [] : [`${place} was passed over`];
    if (!isOutcomeOf(event, command, place)) return [`${place} has an outcome that is not its own`];
    return earlier.some((one) => isEffectOf(one, command)) ? [`${place} repeats an event, but appended one`] : [];
  });
}

function isRefusalUnder(event: Event, place: string): boolean {
  const codes = ['UNREADABLE', 'MISROUTED'];
  return event.type === 'CommandRejected' && event.data.commandId === place && codes.includes(event.data.code);
}

function isOutcomeOf(event: Event, command: Command, place: string): boolean {
  if (event.type !== 'CommandRejected')
    return event.data.commandId === command.data.commandId && isEffectOf(event, command);
  const { commandId, code } = event.data;
  return (
    [place, command.data.commandId].includes(commandId) && !['UNREADABLE', 'MISROUTED', 'DECIDE_FAILED'].includes(code)
  );
}

/** Whether an event is what a repeat of its command is answered with. */
function settles(event: Event, command: Command): boolean {
  if (event.type === 'CommandRejected') return event.data.commandId === command.data.commandId;
  return isEffectOf(event, command);
}

/** Whether an event says that just this was done: every field of the command is in it. */
function isEffectOf(event: Event, { type, data }: Command): boolean {
  const { commandId: _, replyTo: __, ...wanted } = data;
  switch (event.type) {
    case 'SaleRecorded':
      return type === 'RecordSale' && isWithin(wanted, event.data);
    case 'ReturnRecorded':
      return type === 'RecordReturn' && isWithin(wanted, event.data);
    case 'SaleRefunded':
      return type === 'RefundSale' && isWithin(wanted, { ...event.data, ...event.data.request });
    case 'SaleVoided':
      return type === 'VoidSale' && isWithin(wanted, event.data);
    case 'CommandRejected':
      return false;
  }
}

/** Whether all that `part` says is also in `whole`. */
function isWithin(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null) return part === whole;
  if (typeof whole !== 'object' || whole === null) return false;
  if (Array.isArray(part) && Array.isArray(whole) && part.length !== whole.length) return false;
  const there = new Map(Object.entries(whole));
  return Object.entries(part).every(([key, value]) => isWithin(value, there.get(key)));
}

/** The bytes of every record that nobody could accept, whatever the log said before it, are kept. */
function keepingViolations({ world }: Told, { partition, commands, byCommand }: Partition): string[] {
  const name = ({ key, value }: LogRecord) => `${key?.toString('hex')}/${value?.toString('hex')}`;
  const kept = new Set(world.broker.log('rejected', partition).records.map(name));
  return commands.flatMap(({ offset, place, record, command }) => {
    const event = byCommand.get(offset)?.event;
    const isInvalid = event?.type === 'CommandRejected' && event.data.code === 'INVALID';
    return (command && !isInvalid) || kept.has(name(record)) ? [] : [`the bytes of ${place} are not kept`];
  });
}

/** No domain id takes effect twice, and no command id has two outcomes. */
function twice(standing: readonly Standing[]): string[] {
  const seen = new Set<string>();
  return standing.flatMap(({ event }) => {
    const names = [`command ${event.data.commandId}`, ...(event.type === 'CommandRejected' ? [] : [eventIdOf(event)])];
    const again = names.filter((name) => seen.has(name));
    for (const name of names) seen.add(name);
    return again.map((name) => `${name} stands in the log twice`);
  });
}

function eventIdOf({ type, data }: Event): string {
  switch (type) {
    case 'SaleRecorded':
    case 'SaleVoided':
      return `${type}:${data.saleId}`;
    case 'SaleRefunded':
      return `${type}:${data.saleId}:${data.refundId}`;
    case 'ReturnRecorded':
      return `${type}:${data.returnId}`;
    case 'CommandRejected':
      return `${type}:${data.commandId}`;
  }
}

/** Every answer says what a valid event says about just this command, and all answers to one command say the same. */
function answerViolations({ world, placed }: Told, logs: readonly Partition[]): string[] {
  const orderOf = new Map(placed.flatMap((one) => one.requests.map((request) => [request, one] as const)));
  const first = new Map<Placed, Answer>();
  return world.given.flatMap(({ request, answer }) => {
    const one = orderOf.get(request);
    const [partition, offset] = answer.position.split(':').map(Number);
    const log = logs[partition ?? -1];
    const event = log?.standing.find((standing) => standing.offset === offset)?.event;
    if (!one || !event) return [`answer ${request} names ${answer.position}, where no valid event stands`];
    const { command } = one.order;
    // A refusal under the place of a record, or what another attempt was answered, binds nobody to this command id.
    const isLasting = event.data.commandId === command.data.commandId;
    const before = first.get(one) ?? answer;
    if (isLasting) first.set(one, before);
    const cause = log?.commands.find((sent) => sent.offset === event.data.commandOffset)?.command;
    const isOwn = cause !== undefined && orderOf.get(requestOf(cause)) === one;
    const wrong = [
      answer.commandId !== command.data.commandId && 'another command id',
      (answer.outcome === 'accepted') === (event.type === 'CommandRejected') && 'another outcome than the log',
      answer.eventId !== eventIdOf(event) && 'another event id than the log',
      event.type === 'CommandRejected' && answer.code !== event.data.code && 'another code than the log',
      !isOwn && !settles(event, command) && 'what is said about another command',
      !isOwn && !answer.repeated && 'that it is new, but another command caused it',
      isLasting && answer.outcome !== before.outcome && 'another outcome than an answer before it',
      isLasting && answer.position !== before.position && 'another position than an answer before it',
    ];
    return wrong.filter((what) => what !== false).map((what) => `answer ${request} says ${what}`);
  });
}

function requestOf({ data }: Command): number {
  return Number(data.replyTo?.split('#')[1]);
}

/** The store has exactly what a reader of the log would keep, up to its checkpoint. */
function storeViolations({ world }: Told, log: Partition): string[] {
  const { checkpoint, events } = world.store.kept(log.partition);
  const standing = log.standing.filter(({ offset }) => offset < checkpoint.nextOffset);
  const wanted = keptOf({ ...log, standing });
  const wrong = [
    !isDeepStrictEqual(events, wanted.events) && 'events',
    !isDeepStrictEqual(checkpoint.lastCommand, wanted.lastCommand) && 'last command',
  ];
  return wrong
    .filter((what) => what !== false)
    .map((what) => `the store of partition ${log.partition} has other ${what} than the log`);
}
