/** The `sales` command: one file a noun. */
import { Command, CommanderError } from 'commander';
import { exitCodes, exitCodesHelp, explain } from './exit.ts';

/** Each is loaded when it is asked for, since loading all of them takes longer than most commands. */
const nouns: Readonly<Record<string, () => Promise<Command>>> = {
  import: async () => (await import('./import.ts')).importCommand(),
  seed: async () => (await import('./seed.ts')).seedCommand(),
  simulate: async () => (await import('./simulate.ts')).simulateCommand(),
  projection: async () => (await import('./projection.ts')).projectionCommand(),
  dlq: async () => (await import('./dlq.ts')).dlqCommand(),
  commands: async () => (await import('./commands.ts')).commandsCommand(),
  keys: async () => (await import('./keys.ts')).keysCommand(),
  bench: async () => (await import('./bench.ts')).benchCommand(),
};

/** The command of the noun that comes first; all of them for whatever else comes, help being made of them. */
function commandsFor([noun = '']: readonly string[]): Promise<Command[]> {
  const asked = Object.hasOwn(nouns, noun) ? nouns[noun] : undefined;
  return Promise.all((asked ? [asked] : Object.values(nouns)).map((load) => load()));
}

const program = new Command('sales')
  .description(
    'Real-time sales analytics. Finds what "npm start" runs by itself; settings in the environment come first.',
  )
  .addHelpText('after', exitCodesHelp);
for (const command of await commandsFor(process.argv.slice(2))) program.addCommand(command);
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
