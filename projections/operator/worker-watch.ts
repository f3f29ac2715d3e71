import { withAdmin } from '../../platform/kafka/client.ts';
import { type Execution, OperationError } from './execution.ts';

/** A worker that is started again is back within a minute. */
const WITHOUT_WORKER_MS = 60_000;
/** How often it is asked whether a worker runs, while none was seen. */
const LOOKS = 6;

/** Notices that nobody does what an operation waits for: projection workers keep figures level and fill live windows. */
export class WorkerWatch {
  readonly #execution: Execution;
  readonly #advice: string;
  readonly #patienceMs: number;
  #seen = Date.now();
  #looked = Date.now();

  /** `advice` says what waits for a worker, and what to do. */
  constructor(execution: Execution, advice: string) {
    this.#execution = execution;
    this.#advice = advice;
    this.#patienceMs = execution.patience?.withoutWorkerMs ?? WITHOUT_WORKER_MS;
  }

  /** Call it while waiting. Throws {@link OperationError} when no worker was there for a minute. */
  async look(): Promise<void> {
    if (Date.now() - this.#looked < this.#patienceMs / LOOKS) return;
    this.#looked = Date.now();
    if (await workerRuns(this.#execution)) this.#seen = Date.now();
    else if (Date.now() - this.#seen > this.#patienceMs)
      throw new OperationError(
        `no projection worker has run for ${this.#patienceMs / 1000} seconds, and ${this.#advice}`,
      );
  }
}

/** Whether the group of the projection workers has a member. */
function workerRuns({ kafka, names }: Execution): Promise<boolean> {
  return withAdmin(kafka, async (admin) => {
    const { groups } = await admin.describeGroups([names.groups.projections]);
    return groups.some(({ members }) => members.length > 0);
  });
}
