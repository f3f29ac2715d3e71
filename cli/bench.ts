/** `sales bench`: benchmarks that anyone can run, on the servers that are up, in a namespace of their own. */
import { Command, Option } from 'commander';
import { benchCommands } from '../bench/commands.ts';
import { benchIngest } from '../bench/ingest.ts';
import { benchLatency } from '../bench/latency.ts';
import { benchReplay } from '../bench/replay.ts';
import type { Report } from '../bench/report.ts';
import { benchStart } from '../bench/start.ts';
import type { Config } from '../platform/config.ts';
import { dropNamespace, servers } from '../test/support/servers.ts';
import { type Services, startServices } from '../test/support/services.ts';

interface Common {
  seconds: number;
  json?: boolean;
}

type Run = (config: Config, services: Services, onProgress: (text: string) => void) => Promise<Report>;

export function benchCommand(): Command {
  const bench = new Command('bench').description(
    'Measure. Starts services of its own in a namespace of its own on the servers that are up, and cleans up. ' +
      'Let nothing else run meanwhile.',
  );
  bench
    .command('ingest')
    .description('Sales a second, sustained, from HTTP to the commit of the read models; bytes a sale.')
    .addOption(seconds(30))
    .addOption(json())
    .action((options: Common) =>
      measure(options, (config, services, onProgress) =>
        benchIngest(config, services, { seconds: options.seconds, onProgress }),
      ),
    );
  bench
    .command('latency')
    .description('From the command sent to the first live update that covers it, received.')
    .addOption(new Option('--rate <n>', 'commands a second').default(500).argParser(Number))
    .addOption(seconds(30))
    .addOption(json())
    .action((options: Common & { rate: number }) =>
      measure(options, (_, services, onProgress) => benchLatency(services, { ...options, onProgress })),
    );
  bench
    .command('commands')
    .description('The write path alone, from HTTP to the log and back, in bulk and one by one; where time and CPU go.')
    .addOption(new Option('--rate <n>', 'single commands a second').default(500).argParser(Number))
    .addOption(new Option('--rounds <n>', 'how often; figures are medians').default(3).argParser(Number))
    .addOption(seconds(20))
    .addOption(json())
    .action((options: Common & { rate: number; rounds: number }) =>
      measure(options, (config, services, onProgress) => benchCommands(config, services, { ...options, onProgress })),
    );
  bench
    .command('replay')
    .description(
      'Rebuilding all projections from a log of its own making, beside the raw limits; lag of the live ones.',
    )
    .addOption(new Option('--events <n>', 'how long a log').default(1_000_000).argParser(Number))
    .addOption(json())
    .action(({ events, json: asJson }: { events: number; json?: boolean }) =>
      inNamespace({ ...(asJson && { json: asJson }) }, (config, onProgress) =>
        benchReplay(config, { events, onProgress }),
      ),
    );
  bench
    .command('start')
    .description('How soon a command processor decides with many sales in the log, with its state and without it.')
    .addOption(new Option('--sales <n>', 'in the log').default(1_000_000).argParser(Number))
    .addOption(json())
    .action((options: Pick<Common, 'json'> & { sales: number }) =>
      inNamespace(options, (config, onProgress) => benchStart(config, { sales: options.sales, onProgress })),
    );
  return bench;
}

function measure(options: Common, run: Run): Promise<void> {
  return inNamespace(options, async (config, onProgress) => {
    const services = await startServices(config);
    try {
      return await run(config, services, onProgress);
    } finally {
      await services.stop();
    }
  });
}

async function inNamespace(
  { json }: Pick<Common, 'json'>,
  run: (config: Config, onProgress: (text: string) => void) => Promise<Report>,
): Promise<void> {
  const config = await servers();
  try {
    const result = await run(config, (text) => process.stderr.write(`${text}\n`));
    process.stdout.write(json ? `${JSON.stringify(result)}\n` : describe(result));
  } finally {
    await dropNamespace(config);
  }
}

function describe({ bench, machine, figures }: Report): string {
  const lines = Object.entries(figures).map(([name, value]) => `${name.padEnd(24)}${value.toLocaleString('en')}\n`);
  return `${bench} on ${machine.cores} cores, ${machine.memoryGb} GB, Node ${machine.node}\n${lines.join('')}`;
}

function seconds(fallback: number): Option {
  return new Option('--seconds <n>', 'how long to measure').default(fallback).argParser(Number);
}

function json(): Option {
  return new Option('--json', 'end with one line of JSON');
}
