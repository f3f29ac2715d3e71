/** Java, Maven, Postgres and Redis: found, installed by apt where we may, asked for by the exact command where not. */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { DevError } from '../dev-error.ts';
import { environment } from '../environment.ts';
import type { Progress } from '../progress.ts';
import { javaVersion, oldestJava } from './java.ts';
import { findPostgresBin } from './postgres.ts';

interface Program {
  title: string;
  isMissing(): boolean;
  /** Debian and Ubuntu packages, the first that exists is taken. */
  packages: string[];
}

const programs: Program[] = [
  {
    title: `Java ${oldestJava} or newer`,
    isMissing: () => (javaVersion() ?? 0) < oldestJava,
    packages: ['openjdk-17-jre-headless', 'openjdk-21-jre-headless', 'default-jre-headless'],
  },
  { title: 'Maven', isMissing: () => !runs('mvn'), packages: ['maven'] },
  { title: 'Postgres', isMissing: () => findPostgresBin() === undefined, packages: ['postgresql'] },
  { title: 'Redis', isMissing: () => !runs('redis-server'), packages: ['redis-server'] },
];

/** Installs what is missing. Throws with the command to run where that needs somebody else's permission. */
export async function installSystemPackages(progress: Progress, signal?: AbortSignal): Promise<void> {
  const missing = programs.filter((program) => program.isMissing());
  if (missing.length === 0) return;
  const titles = missing.map(({ title }) => title).join(', ');
  const names = () => missing.map(({ packages }) => packages.find(aptKnows) ?? packages[0] ?? '').join(' ');
  if (!isDebian()) {
    throw new DevError(`Missing: ${titles}.${foundJava()}`, `Install it, for example: ${otherSystemsCommand(missing)}`);
  }
  if (process.getuid?.() !== 0) {
    const command = `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names()}`;
    throw new DevError(`Missing: ${titles}.${foundJava()}`, `Run: ${command}`);
  }
  await progress.step(`Install ${titles} by apt-get`, async (note) => {
    await apt(note, signal, 'update', '-q');
    await apt(note, signal, 'install', '-y', '-q', '--no-install-recommends', ...names().split(' '));
  });
  const still = missing.filter((program) => program.isMissing());
  if (still.length > 0) {
    throw new DevError(
      `apt-get installed ${names()}, and still missing: ${still.map(({ title }) => title).join(', ')}.${foundJava()}`,
      'Put a newer one first in PATH (or set JAVA_HOME) and start again.',
    );
  }
}

async function apt(note: (text: string) => void, signal: AbortSignal | undefined, ...args: string[]): Promise<void> {
  // Debian's packages start servers of their own, which we don't need; the run level keeps them still where init honours it.
  const env = { ...environment, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const child = spawn('apt-get', args, { env, stdio: ['ignore', 'pipe', 'pipe'], signal });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream).on('line', (line) => {
      lines.push(line);
      note(line);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  if (code === 0) return;
  const said = lines.slice(-8).join('\n');
  throw new DevError(`apt-get ${args.join(' ')} failed:\n${said}`, 'Put that right and start again.');
}

function aptKnows(name: string): boolean {
  return /Candidate: (?!\(none\))/.test(spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' }).stdout ?? '');
}

function otherSystemsCommand(missing: Program[]): string {
  const brew: Record<string, string> = { Maven: 'maven', Postgres: 'postgresql@17', Redis: 'redis' };
  return `brew install ${missing.map(({ title }) => brew[title] ?? 'openjdk@21').join(' ')}`;
}

function foundJava(): string {
  const version = javaVersion();
  return version !== undefined && version < oldestJava ? ` The Java found is version ${version}.` : '';
}

function isDebian(): boolean {
  const file = '/etc/os-release';
  return existsSync(file) && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(readFileSync(file, 'utf8'));
}

function runs(command: string): boolean {
  return spawnSync(command, ['--version']).error === undefined;
}
