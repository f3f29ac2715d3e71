/** `sales dlq`: events that a projection could not take. */
import { Command, Option } from 'commander';
import { listParked, type ParkedEvent } from '../projections/parked.ts';
import { formatCount } from './progress.ts';
import { request } from './projection/request.ts';
import { type Named, withSession } from './projection/session.ts';
import { table } from './table.ts';

interface Filter extends Named {
  projection?: string;
  failure?: string;
}

export function dlqCommand(): Command {
  const dlq = new Command('dlq').description(
    'Dead letters: valid events that a projection could not decode or fold. They are parked, and everything else goes on.',
  );
  filtered(dlq.command('list')).description('What is parked, grouped by how it failed.').action(list);
  filtered(dlq.command('show'))
    .description('Each parked event with its whole error.')
    .argument('[place]', 'one alone, as partition:offset')
    .action(show);
  filtered(dlq.command('retry'))
    .description('Fold parked events in, in the order of the log; those that fail again stay.')
    .argument('[place]', 'one alone, as partition:offset')
    .action((place: string | undefined, options: Filter) => request('dlq-retry', filterOf(place, options), options));
  filtered(dlq.command('discard'))
    .description('Do without parked events for ever, also when the projection is rebuilt. It is recorded.')
    .argument('[place]', 'one alone, as partition:offset')
    .requiredOption('--reason <text>', 'why, for those who ask later')
    .action((place: string | undefined, options: Filter & { reason: string }) =>
      request('dlq-discard', { ...filterOf(place, options), reason: options.reason }, options),
    );
  return dlq;
}

function list(options: Filter): Promise<void> {
  return withParked(undefined, options, (events) => {
    const groups = new Map<string, ParkedEvent[]>();
    for (const event of events) {
      const key = `${event.projection}\n${event.failure}`;
      groups.set(key, [...(groups.get(key) ?? []), event]);
    }
    const rows = [...groups.values()].map((group) => {
      const [first] = group;
      const example = first ? `${first.partition}:${first.offset}` : '';
      return [first?.projection ?? '', formatCount(group.length), example, first?.failure ?? ''];
    });
    return table(['projection', 'events', 'such as', 'failure'], rows);
  });
}

function show(place: string | undefined, options: Filter): Promise<void> {
  return withParked(place, options, (events) =>
    events
      .map(
        ({ projection, generation, partition, offset, parkedAt, error }) =>
          `${partition}:${offset}  ${projection} (generation ${generation}), parked ${parkedAt.toISOString()}\n  ${error}\n`,
      )
      .join(''),
  );
}

function withParked(
  place: string | undefined,
  options: Filter,
  describe: (events: readonly ParkedEvent[]) => string,
): Promise<void> {
  return withSession(async ({ pool, names }) => {
    const events = await listParked(pool, names.postgres.read, filterOf(place, options));
    if (options.json) process.stdout.write(`${JSON.stringify({ parked: events })}\n`);
    else process.stdout.write(events.length === 0 ? 'Nothing is parked.\n' : describe(events));
  });
}

function filterOf(place: string | undefined, { projection, failure }: Filter) {
  return { ...(place && { place }), ...(projection && { projection }), ...(failure && { failure }) };
}

function filtered(command: Command): Command {
  return command
    .option('--projection <name>', 'of one projection alone')
    .option('--failure <text>', 'that failed alike, as `list` has it')
    .addOption(new Option('--json', 'one line of JSON on standard output'));
}
