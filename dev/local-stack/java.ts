/** Java, and what runs on it: jars that Maven fetches once into `.local/java`. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DevError } from '../dev-error.ts';
import { environment } from '../environment.ts';
import type { LocalFolder } from './folder.ts';
import { logTail } from './process.ts';

export const oldestJava = 17;
const pom = join(import.meta.dirname, 'pom.xml');
const dependencyPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

export function javaCommand(): string {
  const home = environment.JAVA_HOME;
  return home && existsSync(join(home, 'bin/java')) ? join(home, 'bin/java') : 'java';
}

/** Major version of the Java that would be used; undefined when there is none. */
export function javaVersion(): number | undefined {
  const { stderr } = spawnSync(javaCommand(), ['-version'], { encoding: 'utf8' });
  const version = /version "(\d+)(?:\.(\d+))?/.exec(stderr ?? '');
  if (!version) return undefined;
  // Java 8 and older called themselves 1.8 and so on.
  return Number(version[1]) === 1 ? Number(version[2]) : Number(version[1]);
}

export function kafkaClassPath(local: LocalFolder): string {
  return join(local.path, 'java/jars/*');
}

export function registryJar(local: LocalFolder): string {
  return join(local.path, 'java/registry/apicurio-registry-app-2.6.13.Final-runner.jar');
}

/** True when everything that `pom.xml` names is there. */
export function hasJars(local: LocalFolder): boolean {
  const stamp = join(local.path, 'java/stamp');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === pomHash();
}

/** Fetches the jars by Maven (178 MB; from Maven's own cache if another clone fetched them before). */
export async function fetchJars(
  local: LocalFolder,
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  if (hasJars(local)) return;
  const folder = join(local.path, 'java');
  const jars = join(folder, 'jars');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'registry'), { recursive: true });
  await runMaven(local, ['-f', pom, dependencyPlugin, `-DoutputDirectory=${jars}`], onProgress, signal);
  const archive = readdirSync(jars).find((name) => name.endsWith('.tar.gz'));
  if (!archive) throw new DevError('Maven fetched no registry archive.', 'Remove .local/java and start again.');
  const unpacked = spawnSync('tar', ['-xzf', join(jars, archive), '-C', join(folder, 'registry')], {
    encoding: 'utf8',
  });
  if (unpacked.status !== 0) throw new DevError(`Cannot unpack ${archive}: ${unpacked.stderr}`, 'Is the disk full?');
  rmSync(join(jars, archive));
  writeFileSync(join(folder, 'stamp'), pomHash());
}

async function runMaven(
  local: LocalFolder,
  args: string[],
  onProgress: (text: string) => void,
  signal?: AbortSignal,
): Promise<void> {
  const log = join(local.logs, 'maven.log');
  const output = createWriteStream(log);
  const maven = spawn('mvn', ['-B', '-Dstyle.color=never', ...args], { stdio: ['ignore', 'pipe', 'inherit'], signal });
  let files = 0;
  createInterface(maven.stdout).on('line', (line) => {
    output.write(`${line}\n`);
    const download = /^(?:\[INFO\] )?Downloaded from .*\/([^/ ]+) \((.*)\)/.exec(line);
    if (download) onProgress(`downloaded ${++files} files, last ${download[1]}`);
  });
  const code = await new Promise((resolve, reject) => {
    maven.once('close', resolve);
    maven.once('error', reject);
  });
  output.end();
  if (code === 0) return;
  throw new DevError(
    `Maven could not download Kafka and the schema registry.\n${logTail(log)}`,
    `Check the network (Maven reads proxies and mirrors from ~/.m2/settings.xml), then start again. The log is ${log}`,
  );
}

function pomHash(): string {
  return createHash('sha256').update(readFileSync(pom)).digest('hex');
}
