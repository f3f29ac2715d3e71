/** The `sales` command: one file a noun. */
import { Command, CommanderError } from 'commander';
import { benchCommand } from './bench.ts';
import { commandsCommand } from './commands.ts';
import { dlqCommand } from './dlq.ts';
import { exitCodes, exitCodesHelp, explain } from './exit.ts';
import { importCommand } from './import.ts';
import { keysCommand } from './keys.ts';
import { projectionCommand } from './projection.ts';
import { seedCommand } from './seed.ts';
import { simulateCommand } from './simulate.ts';

const nouns = [
  importCommand,
  seedCommand,
  simulateCommand,
  projectionCommand,
  dlqCommand,
  commandsCommand,
  keysCommand,
  benchCommand,
];

const program = new Command('sales')
  .description(
    'Real-time sales analytics. Finds what "npm start" runs by itself; settings in the environment come first.',
  )
  .addHelpText('after', exitCodesHelp);
for (const noun of nouns) program.addCommand(noun());
for (const command of [program, ...program.commands.flatMap((noun) => [noun, ...noun.commands])]) {
  command.exitOverride().showHelpAfterError('Run with --help for what it takes.');
}

// Whoever reads the output may stop reading it: sales simulate | head
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else process.exitCode = explain(error, process.argv.includes('--json'));
}
