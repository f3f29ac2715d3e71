/** `sales projection`: rebuilds, proofs and what stands. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { acceptLoss, asOf, drop, dropAsOf, operations, promote, rebuild, rollback } from './projection/request.ts';
import { list, status } from './projection/status.ts';
import { vectorOf } from './projection/vector.ts';
import { verify } from './projection/verify.ts';

export function projectionCommand(): Command {
  const projection = new Command('projection').description(
    'Read models: where they stand, rebuilding them from the log, and proving them equal to it.',
  );
  projection
    .command('list')
    .description('Every projection, the live window, and their generations.')
    .addOption(json())
    .action(list);
  projection
    .command('status')
    .description(
      'Positions, lag, speed, what is parked or halted, to where each was verified, and what is under way. ' +
        'Exit code 3: something is not as it should be; the output says what, and what to do.',
    )
    .addOption(json())
    .action(status);
  named(projection.command('rebuild'))
    .description(
      'Fill new tables beside the live ones from the start of the log, prove them equal to it, and swap them in one ' +
        'transaction. Everything goes on meanwhile. The old ones are kept level for a rollback until they are dropped. ' +
        'Killed at any moment it goes on where it was.',
    )
    .option('--no-promote', 'leave the new generation ready; `promote` makes it live')
    .option(
      '--throttle <ms>',
      'hold the rebuild and its proof up when live figures lag half of this, so that they seldom lag more',
      parseMs,
    )
    .option('--dry-run', 'count events and predict how long it takes; change nothing')
    .action(rebuild);
  named(projection.command('promote'))
    .description('Make the ready generation live, after another proof.')
    .action(promote);
  named(projection.command('rollback'))
    .description('Make the previous generation live again, after another proof.')
    .action(rollback);
  named(projection.command('drop')).description('Remove the previous and the unfinished generations.').action(drop);
  named(projection.command('verify'))
    .description(
      'Fold the log by a second, simple way and compare every row, and every figure of the live window, at one exact ' +
        'position, which the output names, while everything goes on. Exit code 3: it differs, and the output names the ' +
        'first key, both values and the events that touch it; or of --all one has nothing live.',
    )
    .option(
      '--at <vector>',
      'not before the tables have these events, partition:next,…; they may have later ones by then',
      parseVector,
    )
    .action(verify);
  projection
    .command('as-of')
    .description(
      'Keep the figures as they stood: made of the events that were recorded up to then. Read them in GraphQL with ' +
        '`query @asOf(label: "…")`. At most five are kept. Of a partition that is left out nothing is counted.',
    )
    .argument('<moment>', 'ISO 8601 time, or partition:next,…')
    .requiredOption('--label <name>', 'what to call them: lower-case letters, digits and _')
    .addOption(json())
    .action(asOf);
  projection
    .command('drop-as-of')
    .description('Remove figures that were kept.')
    .argument('<label>', 'as it was given')
    .addOption(json())
    .action(dropAsOf);
  projection
    .command('accept-loss')
    .description('Go on without records that the log has lost for ever, where a partition has halted. It is recorded.')
    .argument('<partition>', 'as `status` has it', parsePartition)
    .requiredOption('--reason <text>', 'why, for those who ask later')
    .addOption(json())
    .action(acceptLoss);
  projection
    .command('operations')
    .description('What was asked for last, and what became of it.')
    .addOption(json())
    .action(operations);
  return projection;
}

function named(command: Command): Command {
  return command
    .argument('[names...]', 'projections, such as revenue')
    .option('--all', 'every projection, and the live window')
    .addOption(json());
}

function json(): Option {
  return new Option('--json', 'one line of JSON on standard output; progress as JSON lines on standard error');
}

function parseMs(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1) return value;
  throw new InvalidArgumentError('Give a whole number of milliseconds.');
}

function parsePartition(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give the number of a partition, such as 0.');
}

function parseVector(text: string): ReadonlyMap<number, number> {
  const vector = vectorOf(text);
  if (vector) return vector;
  throw new InvalidArgumentError('Give it as partition:next, such as 0:120,1:98.');
}
