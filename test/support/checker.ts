/**
 * Holds the log of a namespace, as any plain reader finds it, against the rules, the answers that clients got and the
 * write-side state. It uses none of the product's decisions: what it knows of commands and events is written down here again.
 */
import { expect } from 'chai';
import type { Outcome } from '../../dev/command-json.ts';
import type { Config } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';
import type { SentCommand } from './command-mix.ts';
import { readTopic } from './command-side.ts';
import { attemptOf, contentOf, effectOf, eventIdOf, type Logged, nameOf, placeOf, toLogged } from './logged.ts';
import { moneyViolations } from './money-checker.ts';
import { stateViolations } from './state-checker.ts';

export interface Log {
  commands: readonly Logged[];
  /** All records, valid or not. */
  events: readonly Logged[];
  rejected: readonly Logged[];
}

/** A command as a client sent it, with the answer that it got. */
export interface Answered {
  command: SentCommand;
  outcome: Outcome;
}

export interface Counts {
  commands: number;
  valid: number;
  void: number;
  refused: number;
  /** Commands that appended nothing, since the log had their outcome. */
  repeats: number;
  answers: number;
}

/** Throws with every rule that is broken. Nobody may be sending, and everything sent must have been decided. */
export async function checkLog(config: Config, answers: readonly Answered[]): Promise<Counts> {
  const { topics } = namesOf(config.namespace);
  const read = async (topic: string) => (await readTopic(config, topic)).map(toLogged);
  const commands = await read(topics.commands);
  const [events, rejected] = await Promise.all([read(topics.events), read(topics.rejected)]);
  const log = { commands, events, rejected };
  const broken = [...violations(log, answers), ...(await stateViolations(config, validEvents(log)))];
  expect(broken.slice(0, 20), 'broken rules').to.deep.equal([]);
  return countsOf(log, answers);
}

function countsOf(log: Log, answers: readonly Answered[]): Counts {
  const valid = validEvents(log);
  return {
    commands: log.commands.length,
    valid: valid.length,
    void: log.events.length - valid.length,
    refused: valid.filter(({ type }) => type === 'CommandRejected').length,
    repeats: log.commands.length - valid.length,
    answers: answers.length,
  };
}

/** Every rule that the log or an answer breaks, in words. */
export function violations(log: Log, answers: readonly Answered[]): string[] {
  const valid = validEvents(log);
  return [
    ...orderViolations(valid),
    ...idViolations(valid),
    ...commandViolations(log, valid),
    ...moneyViolations(valid),
    ...parkedViolations(log, valid),
    ...answerViolations(valid, answers),
  ];
}

/** The events that sit where their writer expected them to land, in the order of the log. */
function validEvents({ events }: Log): Logged[] {
  return events
    .filter(({ type, fields, offset }) => type !== undefined && fields.expectedOffset === offset)
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** The events of a partition follow its commands, one a command. */
function orderViolations(valid: readonly Logged[]): string[] {
  const last = new Map<number, number>();
  return valid.flatMap((event) => {
    const before = last.get(event.partition) ?? -1;
    const at = Number(event.fields.commandOffset);
    last.set(event.partition, at);
    return at > before ? [] : [`${nameOf(event)} answers command ${at} after an event that answers ${before}`];
  });
}

/** No domain id and no command id takes effect twice. */
function idViolations(valid: readonly Logged[]): string[] {
  const seen = new Map<string, Logged>();
  return valid.flatMap((event) => {
    const ids = [`command id ${event.key}/${event.fields.commandId}`];
    if (event.type !== 'CommandRejected') ids.push(`domain id ${eventIdOf(event)}`);
    return ids.flatMap((id) => {
      const first = seen.get(id);
      seen.set(id, event);
      return first ? [`${nameOf(event)} uses ${id}, and ${nameOf(first)} did before`] : [];
    });
  });
}

/** Every command has exactly one outcome, its own event or that of an earlier one which it repeats. */
function commandViolations({ commands }: Log, valid: readonly Logged[]): string[] {
  const broken: string[] = [];
  const byPlace = new Map(commands.map((command) => [placeOf(command), command]));
  const byCommand = new Map(valid.map((event) => [`${event.partition}:${event.fields.commandOffset}`, event]));
  const outcomes = new Map<string, Logged>();
  for (const event of valid) {
    const command = byPlace.get(`${event.partition}:${event.fields.commandOffset}`);
    if (!command) broken.push(`${nameOf(event)} answers a command that does not exist`);
    else if (!answersIt(event, command, valid)) broken.push(`${nameOf(event)} is no outcome of ${nameOf(command)}`);
  }
  for (const command of [...commands].sort((a, b) => a.partition - b.partition || a.offset - b.offset)) {
    const event = byCommand.get(placeOf(command));
    const refused = outcomes.get(attemptOf(command));
    const standing = outcomes.get(`${command.partition} ${command.key} ${effectOf(command)}`);
    const first = standing && byPlace.get(`${standing.partition}:${standing.fields.commandOffset}`);
    const isRepeat = refused !== undefined || (first !== undefined && contentOf(first) === contentOf(command));
    if (event && isRepeat) broken.push(`${nameOf(command)} is a repeat, and still appended ${nameOf(event)}`);
    if (!event && !isRepeat) broken.push(`${nameOf(command)} has no outcome`);
    if (event?.type === 'CommandRejected') outcomes.set(attemptOf(event), event);
    else if (event) outcomes.set(`${event.partition} ${event.key} ${effectOf(event)}`, event);
  }
  return broken;
}

/** Whether an event can be the outcome of this very command. */
function answersIt(event: Logged, command: Logged, valid: readonly Logged[]): boolean {
  if (event.type === 'CommandRejected') {
    const { commandId } = event.fields;
    if (commandId === command.fields.commandId) return event.key === command.key;
    const isTaken = () =>
      valid.some(({ key, offset, fields }) => {
        return key === command.key && offset < event.offset && fields.commandId === command.fields.commandId;
      });
    return commandId === placeOf(command) && (unreadableCodes.has(String(event.fields.code)) || isTaken());
  }
  const said = ['commandId', 'occurredAt', ...(documents.has(command.type ?? '') ? ['country', 'channel'] : [])];
  return (
    event.key === command.key &&
    effectOf(event) === effectOf(command) &&
    said.every((field) => String(event.fields[field]) === String(command.fields[field]))
  );
}

/** Who got an answer finds it in the log. */
function answerViolations(valid: readonly Logged[], answers: readonly Answered[]): string[] {
  const byPlace = new Map(valid.map((event) => [placeOf(event), event]));
  return answers.flatMap(({ command, outcome }) => {
    if (outcome.outcome === 'invalid') return [];
    const event = byPlace.get(outcome.position);
    const what = `the answer to ${command.type} ${outcome.commandId}, ${outcome.outcome} at ${outcome.position}`;
    if (!event) return [`${what}: no valid event is there`];
    const isRefusal = event.type === 'CommandRejected';
    const isRight =
      eventIdOf(event) === outcome.eventId &&
      (outcome.outcome === 'accepted'
        ? !isRefusal && effectOf(event) === effectOf({ type: command.type, fields: command })
        : isRefusal && event.fields.code === outcome.code);
    return isRight ? [] : [`${what}: ${nameOf(event)} says otherwise`];
  });
}

const documents = new Set(['RecordSale', 'RecordReturn']);
/** Refusals of what is no command of its key. */
const unreadableCodes = new Set(['UNREADABLE', 'MISROUTED']);
/** Refusals of what could never be accepted: its bytes are kept. */
const keptCodes = new Set([...unreadableCodes, 'DECIDE_FAILED', 'INVALID', 'TOO_LARGE']);

/** The bytes of what nobody could decide are kept, once or more often. */
function parkedViolations({ commands, rejected }: Log, valid: readonly Logged[]): string[] {
  const byPlace = new Map(commands.map((command) => [placeOf(command), command]));
  const kept = new Set(rejected.map(({ partition, value }) => `${partition} ${value.toString('hex')}`));
  return valid
    .filter(({ fields }) => keptCodes.has(String(fields.code)))
    .flatMap((event) => {
      const command = byPlace.get(`${event.partition}:${event.fields.commandOffset}`);
      const isKept = command && kept.has(`${command.partition} ${command.value.toString('hex')}`);
      return isKept ? [] : [`the bytes that ${nameOf(event)} refuses are not kept`];
    });
}
