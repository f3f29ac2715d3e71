/** docker-compose.yml can't be run everywhere; it is held against the code that it starts, so that the two can't drift. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { projectRoot } from '../../dev/local-stack/folder.ts';
import { localServers } from '../../dev/local-stack/index.ts';
import { runtime } from '../../dev/runtime.ts';
import { services as supervised } from '../../dev/services.ts';
import { readConfig } from '../../platform/config.ts';
import { namesOf } from '../../platform/names.ts';

interface ComposeService {
  image: string;
  user?: string;
  profiles?: string[];
  command?: string[];
  ports?: string[];
  volumes?: string[];
  environment?: Record<string, string | number>;
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

const text = readFileSync(join(projectRoot, 'docker-compose.yml'), 'utf8');
const compose: { services: Record<string, ComposeService>; volumes: Record<string, unknown> } = parse(text, {
  merge: true,
});

const service = (name: string): ComposeService => {
  const found = compose.services[name];
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
};
const application = Object.entries(compose.services).filter(([, { profiles }]) => profiles?.includes('app'));
const infrastructure = Object.entries(compose.services).filter(([, { profiles }]) => !profiles);
const config = (name: string, more: Record<string, string> = {}) => readConfig({ ...environmentOf(name), ...more });

/** The environment of a service as it is when nothing is set outside. */
function environmentOf(name: string): Record<string, string> {
  const entries = Object.entries(service(name).environment ?? {});
  return Object.fromEntries(entries.map(([key, value]) => [key, withDefaults(String(value))]));
}

function withDefaults(value: string): string {
  return value.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}

/** Every setting that the application reads, seen by watching it read. */
function settingNames(): Set<string> {
  const seen = new Set<string>();
  const watched = new Proxy({}, { get: (_target, name) => void seen.add(String(name)) });
  readConfig(watched);
  return seen;
}

/** `127.0.0.1:${VARIABLE:-host}:container` */
function publishedPort(name: string) {
  const match = /^(.*):\$\{(\w+):-(\d+)\}:(\d+)$/.exec(service(name).ports?.[0] ?? '');
  if (!match) throw new Error(`${name} publishes no port by a variable with a default`);
  const [, address, variable, host, container] = match;
  return { address, variable, host: Number(host), container: Number(container) };
}

describe('docker-compose.yml', () => {
  it('gives the services only settings that platform/config reads', () => {
    const known = settingNames();
    for (const [name] of application) {
      for (const setting of Object.keys(environmentOf(name))) expect(known, `${name}: ${setting}`).to.include(setting);
    }
  });

  it('gives values that platform/config accepts, and leaves no address to a default', () => {
    for (const [name] of application) {
      expect(config(name).mode).to.equal('development');
      expect(config(name, { SALES_MODE: 'production' }).host, name).to.equal('0.0.0.0');
    }
  });

  it('leaves defaults as they are in platform/config', () => {
    const defaults = readConfig({});
    for (const [name] of application) {
      const { namespace, partitions, storeTimeZone } = config(name);
      expect({ namespace, partitions, storeTimeZone }).to.deep.equal({
        namespace: defaults.namespace,
        partitions: defaults.partitions,
        storeTimeZone: defaults.storeTimeZone,
      });
      expect(namesOf(namespace).topics).to.deep.equal(namesOf(defaults.namespace).topics);
    }
    expect(publishedPort('read-api')).to.include({ variable: 'SALES_HTTP_PORT', host: defaults.httpPort });
    expect(publishedPort('command-api')).to.include({ variable: 'SALES_COMMANDS_PORT', host: defaults.commandsPort });
  });

  it('leads the services to where the servers listen', () => {
    const { kafka, registry, postgres, redis } = config('read-api');
    const listeners = String(service('kafka').environment?.KAFKA_LISTENERS);
    const advertised = String(service('kafka').environment?.KAFKA_ADVERTISED_LISTENERS);
    const port = new URL(`kafka://${kafka[0]}`).port;
    expect(listeners).to.include(`INTERNAL://0.0.0.0:${port}`);
    expect(advertised).to.include(`INTERNAL://${kafka[0]}`);
    expect(service('registry').environment?.SCHEMA_REGISTRY_KAFKASTORE_BOOTSTRAP_SERVERS).to.equal(
      `PLAINTEXT://${kafka[0]}`,
    );
    expect(new URL(registry)).to.include({ hostname: 'registry', port: String(publishedPort('registry').container) });
    const database = new URL(postgres);
    expect(database).to.include({ hostname: 'postgres', port: String(publishedPort('postgres').container) });
    expect(environmentOf('postgres')).to.include({
      POSTGRES_USER: database.username,
      POSTGRES_PASSWORD: database.password,
      POSTGRES_DB: database.pathname.slice(1),
    });
    expect(new URL(redis)).to.include({ hostname: 'redis', port: String(publishedPort('redis').container) });
  });

  it('opens the ports of the local stack, on loopback only', () => {
    for (const { name, ports } of localServers) {
      expect(publishedPort(name), name).to.include({
        address: '127.0.0.1',
        variable: `${name.toUpperCase()}_PORT`,
        host: ports.main,
      });
    }
    const host = publishedPort('kafka');
    const advertised = service('kafka').environment?.KAFKA_ADVERTISED_LISTENERS;
    expect(advertised).to.include(`HOST://127.0.0.1:\${${host.variable}:-${host.host}}`);
    expect(service('kafka').environment?.KAFKA_LISTENERS).to.include(`HOST://0.0.0.0:${host.container}`);
    for (const [, { ports = [] }] of application) for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:/);
  });

  it('runs the services that the supervisor runs, each with a health check on its own port', () => {
    const image = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');
    const entrypoint = /^ENTRYPOINT (.*)$/m.exec(image)?.[1] ?? '[]';
    expect(JSON.parse(entrypoint)).to.deep.equal(['node', ...runtime.args]);
    for (const [name, value] of Object.entries(runtime.env)) expect(image).to.include(`${name}=${value}`);
    const longRunning = application.map(([name]) => name).filter((name) => name !== 'setup');
    expect(longRunning).to.have.members(supervised.map(({ name }) => name));
    for (const { name, args, health } of supervised) {
      const { commandsPort, httpPort, healthPort } = config(name);
      const port = health === 'own port' ? healthPort : health === 'read API' ? httpPort : commandsPort;
      expect(service(name).command).to.deep.equal(args);
      expect(service(name).healthcheck?.test.at(-1)).to.equal(`http://127.0.0.1:${port}/health`);
      expect(service(name).depends_on?.setup?.condition).to.equal('service_completed_successfully');
      if (health !== 'own port') expect(publishedPort(name).container).to.equal(port);
      expect(existsSync(join(projectRoot, args[0] ?? '')), args[0]).to.equal(true);
    }
  });

  it('pins images, runs nothing as root, keeps data in volumes and checks the health of every server', () => {
    expect(infrastructure.map(([name]) => name)).to.have.members(localServers.map(({ name }) => name));
    for (const [name, { image, user, healthcheck, volumes = [] }] of infrastructure) {
      expect(image, name).to.match(/:\d+\.\d+/);
      expect(user, name).to.be.a('string').and.not.equal('root');
      expect(healthcheck?.test, name).to.be.an('array');
      for (const volume of volumes) expect(compose.volumes).to.have.property(volume.split(':')[0] ?? '');
    }
    const dockerfile = readFileSync(join(projectRoot, 'Dockerfile'), 'utf8');
    expect(dockerfile.match(/^USER .*$/gm)?.at(-1)).to.equal('USER node');
    for (const base of dockerfile.match(/^FROM node\S*/gm) ?? []) expect(base).to.match(/:\d+\.\d+/);
  });

  it('keeps Redis from evicting and Kafka from making topics by itself', () => {
    expect(service('redis').command?.join(' ')).to.include('--maxmemory-policy noeviction');
    expect(service('kafka').environment?.KAFKA_AUTO_CREATE_TOPICS_ENABLE).to.equal('false');
  });

  it('is accepted by docker-compose, where that is installed', function () {
    this.timeout(20_000);
    const check = spawnSync('docker-compose', ['--profile', 'app', 'config', '--quiet'], {
      cwd: projectRoot,
      encoding: 'utf8',
    });
    if (check.error) return;
    expect(check.status, check.stderr).to.equal(0);
  });
});
