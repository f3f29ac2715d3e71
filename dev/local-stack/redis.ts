/** Redis that never evicts: under an evicting policy keys of the live window would vanish while its fence survives. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { probes } from './probes.ts';
import type { LocalServer } from './server.ts';

export const redis: LocalServer = {
  name: 'redis',
  title: 'Redis',
  ports: { main: 16379 },
  address: ({ ports }) => `redis://127.0.0.1:${ports.main}`,
  probe: probes.redis,
  async prepare({ local, ports }) {
    const folder = join(local.path, 'redis');
    mkdirSync(folder, { recursive: true });
    const settings: Record<string, string> = {
      bind: '127.0.0.1',
      port: String(ports.main),
      dir: folder,
      maxmemory: '256mb',
      'maxmemory-policy': 'noeviction',
      // A snapshot now and then spares a restart the refolding of the window; the log has everything that it lacks.
      save: '300 1',
      appendonly: 'no',
    };
    return {
      command: 'redis-server',
      args: Object.entries(settings).flatMap(([key, value]) => [`--${key}`, value]),
      cwd: folder,
    };
  },
};
