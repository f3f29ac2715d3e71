/** `sales seed`: the demo's past, through the command side. */
import { Command, InvalidArgumentError } from 'commander';
import { DateTime } from 'luxon';
import { loadSeed } from '../dev/seed/load.ts';
import { type ExitCode, exitCodes } from './exit.ts';
import { interruptible } from './interrupt.ts';
import { createProgress, formatCount } from './progress.ts';
import { commandApi, settings } from './services.ts';

interface Options {
  now?: number;
  commands?: string;
  json?: boolean;
}

export function seedCommand(): Command {
  return new Command('seed')
    .description('Load the demo data: 10,000 sales of 90 days, 1,000 customers, 100 products. Again, it adds nothing.')
    .option('--now <time>', 'where the past ends, ISO 8601 (default: when it was first loaded, or now)', parseTime)
    .option('--commands <url>', 'base URL of the command API (default: the running one)')
    .option('--json', 'one line of JSON on standard output; progress as JSON lines on standard error')
    .action(async (options: Options) => {
      process.exitCode = await seed(options);
    });
}

async function seed({ now, commands, json }: Options): Promise<ExitCode> {
  const config = settings();
  const commandsUrl = await commandApi(commands);
  const progress = createProgress({ label: 'Loading', unit: 'sales and returns', json });
  const signal = interruptible(() => progress.say('Stopping: waiting for the answers on their way.'));
  const start = performance.now();
  try {
    const result = await loadSeed({
      config,
      commandsUrl,
      anchor: now,
      signal,
      onProgress: progress.update,
      onRetry: (reason, delayMs) => progress.say(`Command API lost (${reason}), trying again in ${delayMs} ms.`),
    });
    progress.stop();
    const { recorded, alreadyThere, interrupted } = result;
    const anchor = new Date(result.anchor.at).toISOString();
    const seconds = (performance.now() - start) / 1000;
    process.stdout.write(
      json
        ? `${JSON.stringify({ anchor, timeZone: result.anchor.timeZone, recorded, alreadyThere, interrupted, seconds })}\n`
        : `${headline(recorded, alreadyThere, interrupted)} They end at ${anchor}.\n`,
    );
    return interrupted ? exitCodes.interrupted : exitCodes.done;
  } finally {
    progress.stop();
  }
}

function headline(recorded: number, alreadyThere: number, interrupted: boolean): string {
  if (interrupted) return `Interrupted after ${formatCount(recorded)} sales and returns; "sales seed" brings the rest.`;
  if (recorded === 0) return `Nothing to add: ${formatCount(alreadyThere)} sales and returns are there already.`;
  const before = alreadyThere > 0 ? `, ${formatCount(alreadyThere)} were there already` : '';
  return `Loaded ${formatCount(recorded)} sales and returns${before}.`;
}

function parseTime(text: string): number {
  const time = DateTime.fromISO(text, { zone: 'utc' });
  if (!time.isValid) throw new InvalidArgumentError('Give a time such as 2025-06-30T12:00:00Z.');
  return time.toMillis();
}
