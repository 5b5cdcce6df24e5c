import type { ApiClient } from './api-fixture.js';
import { until } from './until.js';

const LOOK_MS = 500;
/** A phase may be over soon. */
const CLOSE_LOOK_MS = 50;

export interface ShownOperation {
  kind: string;
  status: string;
  phase: string | null;
  reason: { code: string; message: string } | null;
}

/** Watches one cluster through the API; what does not come in time fails with all that is known about it. */
export class ClusterWatch {
  readonly uuid: string;
  readonly #client: ApiClient;
  readonly #limitMs: number;
  readonly #logs: () => string;

  constructor(client: ApiClient, uuid: string, { limitMs, logs }: { limitMs: number; logs: () => string }) {
    this.#client = client;
    this.uuid = uuid;
    this.#limitMs = limitMs;
    this.#logs = logs;
  }

  /** Until the newest operation is in this phase. */
  inPhase(phase: string): Promise<void> {
    const isThere = async () => {
      const newest = (await this.operations()).at(-1);
      return newest?.phase === phase && ['running', 'waiting'].includes(newest.status);
    };
    return this.#until(isThere, `phase ${phase}`, CLOSE_LOOK_MS);
  }

  /** Until it has ended in this status; another end fails at once. */
  async ended(status: string): Promise<void> {
    await this.#until(async () => !(await this.#status()).endsWith('_IN_PROGRESS'), status);
    if ((await this.#status()) !== status) throw new Error(`Not ${status}: ${await this.#told()}`);
  }

  gone(): Promise<void> {
    return this.#until(async () => (await this.#cluster()).status === 404, 'gone');
  }

  /** Oldest first; also of a cluster that is gone. */
  async operations(): Promise<ShownOperation[]> {
    return (await this.#client.get(`/v1/clusters/${this.uuid}/operations`)).body.operations;
  }

  #cluster() {
    return this.#client.get(`/v1/clusters/${this.uuid}`);
  }

  async #status(): Promise<string> {
    return String((await this.#cluster()).body.status);
  }

  #until(condition: () => Promise<boolean>, goal: string, everyMs = LOOK_MS): Promise<void> {
    const tell = async () => `Waited for: ${goal}\n${await this.#told()}`;
    return until(condition, { limitMs: this.#limitMs, everyMs, tell });
  }

  async #told(): Promise<string> {
    const { body } = await this.#cluster();
    const lines = (await this.operations()).map(
      ({ kind, status, phase, reason }) => `${kind}: ${status} at ${phase}, ${reason?.message ?? 'no reason'}`,
    );
    return [`${body.status}: ${body.status_reason}`, ...lines, this.#logs()].join('\n');
  }
}
