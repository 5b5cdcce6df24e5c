import type { Database } from '../../common/db/database.js';
import { ServiceError } from '../../common/errors.js';
import type { Queue } from '../../common/queue/queue.js';
import type { Scheduler } from '../../common/scheduler/scheduler.js';
import type { RunOverSsh } from '../../common/ssh/run-over-ssh.js';
import { ConnectionError, type Transport } from '../../openstack/transport.js';
import type { ForkedClock } from '../support/fake-clock.js';

/**
 * Every await on the outside goes through here, where a process can be stopped before or after it, have
 * its answer lost, or be frozen. Points are numbered in the order in which the process reaches them.
 */
export type FaultKind =
  /** The process is killed; the call never happened. */
  | 'killed before'
  /** The call took effect; the process is killed before it hears of it. */
  | 'killed after'
  /** The call took effect; the process hears that the connection broke. */
  | 'answer lost'
  /** The process stands still for longer than its lease, then goes on with the call. */
  | 'frozen before'
  /** The call takes effect, and then the process stands still. */
  | 'frozen after'
  /** The caller hears that the connection broke, and the call takes effect minutes later. */
  | 'lands late';

export interface PlannedFault {
  /** Index of the point, from 0. */
  point: number;
  kind: FaultKind;
}

export class ProcessKilledError extends Error {
  constructor() {
    super('The process was killed here');
    this.name = 'ProcessKilledError';
  }
}

type Seam = 'database' | 'cloud' | 'queue' | 'scheduler' | 'node' | 'ssh';

export interface SeamsDeps {
  plan: PlannedFault | undefined;
  /** Called once, when the process is killed. */
  onKill: () => void;
  /** The process's own clock; how long it stands still when it is frozen. */
  clock: ForkedClock;
  freezeMs: number;
  /** Does something minutes later, whatever became of the process. */
  later: (work: () => Promise<void>) => void;
}

/** The seams of one simulated process. */
export class Seams {
  /** What was reached, in order: `cloud POST orchestration /stacks`. */
  readonly points: string[] = [];
  readonly #deps: SeamsDeps;
  #killed = false;
  #frozenUntil = 0;

  constructor(deps: SeamsDeps) {
    this.#deps = deps;
  }

  get killed(): boolean {
    return this.#killed;
  }

  kill(): void {
    if (this.#killed) return;
    this.#killed = true;
    this.#deps.onKill();
  }

  async pass<T>(seam: Seam, label: string, call: () => Promise<T>): Promise<T> {
    await this.#thaw();
    const index = this.points.push(`${seam} ${label}`) - 1;
    const fault = this.#deps.plan?.point === index ? this.#deps.plan.kind : undefined;
    if (fault === 'killed before') this.kill();
    if (fault === 'frozen before') await this.#freeze();
    this.#checkAlive();
    if (fault === 'lands late') {
      this.#deps.later(() => call().then(ignore, ignore));
      throw lostAnswer(seam);
    }
    const result = await call();
    await this.#thaw();
    if (fault === 'frozen after') await this.#freeze();
    if (fault === 'killed after') this.kill();
    this.#checkAlive();
    if (fault === 'answer lost') throw lostAnswer(seam);
    return result;
  }

  #checkAlive(): void {
    if (this.#killed) throw new ProcessKilledError();
  }

  /** Whatever a frozen process does, it does after it was let go. */
  async #thaw(): Promise<void> {
    const { clock } = this.#deps;
    if (clock.now() < this.#frozenUntil) await clock.sleep(this.#frozenUntil - clock.now());
    this.#checkAlive();
  }

  async #freeze(): Promise<void> {
    const { clock, freezeMs } = this.#deps;
    this.#frozenUntil = clock.now() + freezeMs;
    clock.freeze(freezeMs);
    await this.#thaw();
  }
}

function ignore(): void {}

/** What the program hears in such a case from its libraries. */
function lostAnswer(seam: Seam): Error {
  if (seam === 'cloud') return new ConnectionError('ECONNRESET', 'socket hang up');
  if (seam === 'database')
    return new ServiceError('unavailable', 'The database does not answer', { code: 'database_unavailable' });
  return new Error(`${seam}: connection lost`);
}

export function throughDatabase(seams: Seams, db: Database): Database {
  return {
    dialect: db.dialect,
    read: (name, work) => seams.pass('database', `read ${name}`, () => db.read(name, work)),
    transaction: (name, work) => seams.pass('database', `write ${name}`, () => db.transaction(name, work)),
    close: () => db.close(),
  };
}

export function throughTransport(seams: Seams, transport: Transport): Transport {
  return (request) => {
    const path = new URL(request.url).pathname.replace(/[0-9a-f]{8}-?[0-9a-f]{4}[0-9a-f-]{16,24}/g, '*');
    return seams.pass('cloud', `${request.method} ${path}`, () => transport(request));
  };
}

export function throughSsh(seams: Seams, ssh: RunOverSsh): RunOverSsh {
  return (command) => seams.pass('ssh', command.command, () => ssh(command));
}

export function throughQueue(seams: Seams, queue: Queue): Queue {
  return {
    start: () => queue.start(),
    stop: () => queue.stop(),
    isConnected: () => queue.isConnected(),
    publish: (message) => seams.pass('queue', 'publish', () => queue.publish(message)),
    consume: (handler) =>
      queue.consume(async (message) => {
        await handler(message);
        await seams.pass('queue', 'acknowledge', async () => {});
      }),
  };
}

export function throughScheduler(seams: Seams, scheduler: Scheduler): Scheduler {
  return {
    start: () => scheduler.start(),
    stop: () => scheduler.stop(),
    isConnected: () => scheduler.isConnected(),
    onWake: (handler) => scheduler.onWake(handler),
    wakeAt: (operationId, atMs) => seams.pass('scheduler', 'wake', () => scheduler.wakeAt(operationId, atMs)),
  };
}
