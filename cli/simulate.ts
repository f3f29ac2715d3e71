/** `sales simulate`: sales that keep coming in. */
import { Command, InvalidArgumentError } from 'commander';
import { type SimulationCounts, simulate } from '../dev/simulator/simulate.ts';
import { isCurrency } from '../domain/money.ts';
import { type ExitCode, exitCodes } from './exit.ts';
import { interruptible, orAfter } from './interrupt.ts';
import { formatCount } from './progress.ts';
import { commandApi, settings } from './services.ts';

interface Options {
  rate: number;
  seconds?: number;
  currency: string;
  irregular?: boolean;
  commands?: string;
  json?: boolean;
}

const REPORT_MS = 5000;

export function simulateCommand(): Command {
  return new Command('simulate')
    .description(
      'Send a live stream of sales with a few returns, refunds and voids, until Ctrl-C. Waits for a command API that restarts.',
    )
    .option('--rate <n>', 'commands a second', parsePositive, 50)
    .option('--seconds <n>', 'stop after so long', parsePositive)
    .option('--currency <code>', 'ISO 4217', parseCurrency, 'USD')
    .option('--irregular', 'customers come irregularly; steady without')
    .option('--commands <url>', 'base URL of the command API (default: the running one)')
    .option('--json', 'JSON lines on standard output: one every five seconds, the whole run last')
    .action(async (options: Options) => {
      process.exitCode = await stream(options);
    });
}

async function stream({ rate, seconds, currency, irregular = false, commands, json }: Options): Promise<ExitCode> {
  const commandsUrl = await commandApi(commands);
  const write = (figures: object, text: string) =>
    process.stdout.write(json ? `${JSON.stringify(figures)}\n` : `${text}\n`);
  const end = orAfter(
    interruptible(() => {}),
    seconds,
  );
  const onRetry = (reason: string, delayMs: number) =>
    process.stderr.write(
      json
        ? `${JSON.stringify({ message: `Command API lost: ${reason}`, delayMs })}\n`
        : `Command API lost (${reason}), trying again in ${delayMs} ms.\n`,
    );
  const { apiKey } = settings();
  const { counts, done } = simulate({ commandsUrl, apiKey, rate, currency, irregular, signal: end.signal, onRetry });
  const whole = reporter(counts);
  const recent = reporter(counts);
  const reports = setInterval(() => {
    const { figures, text } = recent();
    write(figures, text);
  }, REPORT_MS);
  try {
    await done;
  } finally {
    clearInterval(reports);
    end.clear();
  }
  const { figures, text } = whole();
  write({ ...figures, finished: true }, `In all ${text}`);
  return counts.refused + counts.unknown > 0 ? exitCodes.incomplete : exitCodes.done;
}

/** Tells what came since it last told. */
function reporter(counts: SimulationCounts): () => { figures: object; text: string } {
  let before = { ...counts };
  let since = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - since) / 1000;
    const accepted = counts.accepted - before.accepted;
    const refused = counts.refused - before.refused;
    const unknown = counts.unknown - before.unknown;
    const skipped = counts.skipped - before.skipped;
    before = { ...counts };
    since = now;
    const perSecond = Math.round((accepted / seconds) * 10) / 10;
    const lastRefusal = refused > 0 ? counts.lastRefusal : undefined;
    const parts = [`${perSecond}/s, ${formatCount(accepted)} accepted`];
    if (refused > 0) parts.push(`${formatCount(refused)} refused (last: ${lastRefusal})`);
    if (unknown > 0) parts.push(`${formatCount(unknown)} not decided in time`);
    if (skipped > 0) parts.push(`${formatCount(skipped)} skipped to keep the pace`);
    return {
      figures: { perSecond, accepted, refused, unknown, skipped, seconds, lastRefusal },
      text: parts.join(', '),
    };
  };
}

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1_000_000)) throw new InvalidArgumentError('Give a number above 0.');
  return value;
}

function parseCurrency(text: string): string {
  if (!isCurrency(text)) throw new InvalidArgumentError('Give an ISO 4217 code such as USD.');
  return text;
}
