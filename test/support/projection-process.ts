/** Projection workers and operators as processes of their own, as a supervisor starts them. */
import type { Config } from '../../platform/config.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';
import { serviceScripts } from './services.ts';
import type { StatementFault } from './statement-faults.ts';

export function startProjectionProcess(
  config: Config,
  name: 'projection-worker' | 'operator',
  fault?: StatementFault,
  settings: Record<string, string> = {},
): Promise<ServiceProcess> {
  return startServiceProcess(config, {
    script: serviceScripts[name],
    settings,
    ...(fault && { preload: ['./test/support/statement-faults.ts'], args: [JSON.stringify(fault)] }),
  });
}
