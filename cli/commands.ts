/** `sales commands`: what operators do to the command side. */
import { Command } from 'commander';
import type { Difference } from '../commands/state/compare.ts';
import { migrate } from '../commands/state/migrate.ts';
import { type Rebuilt, rebuildState } from '../commands/state/rebuild.ts';
import { RebuildRunningError } from '../commands/state/swap.ts';
import { DevError } from '../dev/dev-error.ts';
import { createKafka } from '../platform/kafka/client.ts';
import { LogLostError } from '../platform/kafka/log-lost.ts';
import { createLogger } from '../platform/logger.ts';
import { namesOf } from '../platform/names.ts';
import { createPool, isConnectionLost } from '../platform/postgres/index.ts';
import { createCodec } from '../platform/registry/codec.ts';
import { registeredIds } from '../schemas/registry.ts';
import { type ExitCode, exitCodes } from './exit.ts';
import { createProgress, formatCount } from './progress.ts';
import { PostgresUnreachable, settings } from './services.ts';

interface Options {
  verify?: boolean;
  force?: boolean;
  json?: boolean;
}

export function commandsCommand(): Command {
  const commands = new Command('commands').description('The command side: its state.');
  commands
    .command('rebuild-state')
    .description(
      'Fold the write-side state from the log into fresh tables, compare them with those that are there, and put them ' +
        'in their place. Everything may go on running. Exit code 3: what was there differed; the output says where.',
    )
    .option('--verify', 'only compare')
    .option('--force', 'also when the log ends before the state does: what the state has beyond is given up')
    .option('--json', 'one line of JSON on standard output; progress as JSON lines on standard error')
    .action(async (options: Options) => {
      process.exitCode = await rebuild(options);
    });
  return commands;
}

async function rebuild({ verify = false, force, json }: Options): Promise<ExitCode> {
  const config = settings();
  const names = namesOf(config.namespace);
  await migrate(config);
  const codec = createCodec(config.registry, await registeredIds(config.registry, names.topics));
  const pool = createPool(config, { applicationName: 'rebuild-state', synchronousCommit: false });
  const progress = createProgress({ label: verify ? 'Verifying' : 'Rebuilding', unit: 'events', json });
  const start = performance.now();
  try {
    const rebuilt = await rebuildState({
      names,
      partitions: config.partitions,
      kafka: createKafka(config, 'rebuild-state'),
      codec,
      pool,
      logger: createLogger('rebuild-state', 'silent'),
      verifyOnly: verify,
      force,
      onProgress: progress.update,
      onStage: (stage) => progress.say(`${stage}.`),
    });
    progress.stop();
    const seconds = (performance.now() - start) / 1000;
    process.stdout.write(json ? `${JSON.stringify({ ...rebuilt, seconds })}\n` : describe(rebuilt, seconds));
    return rebuilt.differences === 0 ? exitCodes.done : exitCodes.incomplete;
  } catch (error) {
    if (error instanceof RebuildRunningError) throw new DevError(error.message, 'Wait until that is done.');
    if (error instanceof LogLostError)
      throw new DevError(error.message, 'With --force what the state has beyond is given up.');
    if (isConnectionLost(error)) throw new PostgresUnreachable(error);
    throw error;
  } finally {
    progress.stop();
    await pool.end();
  }
}

function describe({ records, events, differences, first, replaced }: Rebuilt, seconds: number): string {
  const done = replaced ? 'Rebuilt' : 'Verified';
  const lines = [
    `${done} the write-side state from ${formatCount(records)} records of the log in ${seconds.toFixed(1)} s.`,
  ];
  if (!first) {
    lines.push(`What was there, ${formatCount(events)} events and the checkpoints, is equal to the log.`);
  } else {
    lines.push(`What was there differed from the log in ${formatCount(differences)} places. The first:`);
    lines.push(...describeDifference(first));
    if (replaced) lines.push('It was replaced: the log is right.');
  }
  return `${lines.join('\n')}\n`;
}

function describeDifference({ position, state, log }: Difference): string[] {
  const where = position.includes(':') ? `event ${position}` : `checkpoint of partition ${position}`;
  return [`  ${where}`, `    state: ${content(state)}`, `    log:   ${content(log)}`];
}

function content(found: Difference['state']): string {
  return found ? JSON.stringify(found) : 'nothing';
}
