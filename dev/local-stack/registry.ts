/** Apicurio's schema registry with its Confluent-compatible API, its data in an H2 file. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { javaCommand, registryJar } from './java.ts';
import { probes } from './probes.ts';
import type { LocalServer } from './server.ts';

export const registry: LocalServer = {
  name: 'registry',
  title: 'Schema registry',
  ports: { main: 18081 },
  address: ({ ports }) => `http://127.0.0.1:${ports.main}/apis/ccompat/v7`,
  probe: probes.registry,
  async prepare({ local, ports }) {
    const folder = join(local.path, 'registry');
    mkdirSync(folder, { recursive: true });
    return {
      command: javaCommand(),
      args: ['-Xmx160m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-jar', registryJar(local)],
      cwd: folder,
      env: {
        QUARKUS_HTTP_HOST: '127.0.0.1',
        HTTP_PORT: String(ports.main),
        QUARKUS_LOG_LEVEL: 'WARN',
        // In a file, so that schema ids survive a restart: they stand in every record of the log.
        REGISTRY_DATASOURCE_URL: `jdbc:h2:file:${join(folder, 'registry')}`,
      },
    };
  },
};
