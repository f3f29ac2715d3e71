/** Command processors as processes of their own, each with the faults that await it. */
import type { Config } from '../../platform/config.ts';
import type { Failpoint, PlannedFault } from './failpoints.ts';
import { type ServiceProcess, startServiceProcess } from './service-process.ts';

export type ProcessorProcess = ServiceProcess<Failpoint>;

export function startProcessorProcess(config: Config, plan: readonly PlannedFault[] = []): Promise<ProcessorProcess> {
  return startServiceProcess(config, {
    script: 'test/support/failpoint-processor.ts',
    args: [JSON.stringify(plan)],
  });
}
