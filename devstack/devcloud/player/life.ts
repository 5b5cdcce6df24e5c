import { z } from 'zod';
import { errorText } from '../../../common/errors.js';
import { certificateInfo } from '../../../common/x509.js';
import { enrol } from './enrol.js';
import type { PlayedHealth } from './member.js';
import { type Action, attempt, call, type PlayedNode, Refused, showCertificate, Waiting } from './played-node.js';
import { COMMON_STEPS, COMMON_TASKS, sendCollected } from './steps.js';

/** What a test or a demonstration orders of played nodes. */
export interface PlayerOptions {
  /** How long a step takes. */
  stepMs: number;
  /** The end of the step's log when it is to fail; asked at each try. */
  failStep?: (nodeName: string, step: string) => string | undefined;
  /** The same when it is to wait for others. */
  waitStep?: (nodeName: string, step: string) => string | undefined;
  /** The same for tasks. */
  failTask?: (nodeName: string, task: string) => string | undefined;
  /** Whether this task takes all of its `timeout_seconds`, and fails then. */
  holdTask?: (nodeName: string, task: string, params: Record<string, string>) => boolean;
  /** What it tells of its SSH host key when it enrols. */
  sshHostKey?: (nodeName: string) => string | undefined;
  /** Whether the node hangs at this moment. */
  silent?: (nodeName: string) => boolean;
  /** Whether it runs something of its users', where its orchestrator tells that. */
  busy?: (nodeName: string) => boolean;
}

const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 60_000;
const UNHEARD_MS = 5000;
/** What a task says that something kept from its end. */
export const HELD = 'it was held until its time was over';
/** How often `heartbeat.sh` looks whether something has changed. */
const LOOK_MS = 5000;

/** A node's life, as `runner.sh` has it: it enrols, does its steps in order, then says how it is. */
export async function* live(node: PlayedNode, options: PlayerOptions): Action {
  yield* enrol(node, options.sshHostKey?.(node.userData.node.node.name));
  for (const step of node.userData.node.steps) yield* runStep(node, options, step);
  yield* reportForEver(node, options);
}

function longer(delayMs: number): number {
  return Math.min(delayMs * 2, LONGEST_RETRY_MS);
}

async function* runStep(node: PlayedNode, options: PlayerOptions, step: string): Action {
  for (let delayMs = FIRST_RETRY_MS; ; delayMs = longer(delayMs)) {
    node.say(`step ${step}`);
    yield* report(node, { name: step, status: 'started' });
    yield options.stepMs;
    const failure = yield* tryStep(node, options, step);
    if (failure === undefined) {
      node.stepsDone.add(step);
      yield* report(node, { name: step, status: 'done' });
      return;
    }
    const status = failure instanceof Waiting ? 'waiting' : 'failed';
    node.say(`step ${step} ${status}: ${failure.message}`);
    yield* report(node, { name: step, status, log_tail: failure.message });
    yield delayMs;
  }
}

async function* tryStep(node: PlayedNode, options: PlayerOptions, step: string): Action<Error | undefined> {
  const { name } = node.userData.node.node;
  const failure = options.failStep?.(name, step);
  if (failure !== undefined) return new Error(failure);
  const awaited = options.waitStep?.(name, step);
  if (awaited !== undefined) return new Waiting(awaited);
  const script = `/opt/bayou/steps/${step}.sh`;
  if (!node.userData.files.has(script)) return new Error(`${script}: No such file or directory`);
  try {
    const played = node.member.steps[step] ?? COMMON_STEPS[step];
    if (played !== undefined) yield* played(node);
    return undefined;
  } catch (error) {
    if (error instanceof Refused || !(error instanceof Error)) throw error;
    return error;
  }
}

const stepAnswerSchema = z.object({ collect: z.string().optional() });

/** What is not heard is not said again: the heartbeat tells how the node is. The answer may ask for its journal. */
async function* report(node: PlayedNode, body: object): Action {
  try {
    const answer = yield* call(node, 'POST', '/v1/steps', body);
    const { collect } = stepAnswerSchema.parse(answer.body);
    if (collect !== undefined) yield* sendCollected(node, collect);
  } catch (error) {
    if (error instanceof Refused) throw error;
    node.say(errorText(error));
  }
}

const answerSchema = z.object({
  interval_seconds: z.number(),
  tasks: z.array(z.object({ id: z.string(), name: z.string(), params: z.record(z.string(), z.string()) })),
  certificate: z.string().optional(),
});

type Task = z.output<typeof answerSchema>['tasks'][number];

interface TaskResult {
  id: string;
  state: 'succeeded' | 'failed';
  output: string;
}

async function* reportForEver(node: PlayedNode, options: PlayerOptions): Action {
  let results: TaskResult[] = [];
  for (;;) {
    const answer = await attempt(node, 'POST', '/v1/heartbeat', await heartbeatBody(node, results));
    if (answer?.status === 410) throw new Refused('this node is not wanted any more');
    if (answer?.status === 401) {
      showCertificate(node, undefined);
      yield* enrol(node, options.sshHostKey?.(node.userData.node.node.name));
      continue;
    }
    if (answer?.status !== 200) {
      yield UNHEARD_MS;
      continue;
    }
    const { interval_seconds: seconds, tasks, certificate } = answerSchema.parse(answer.body);
    if (certificate !== undefined) showCertificate(node, certificate);
    results = [];
    if (tasks.length === 0) {
      yield* untilNews(node, seconds * 1000);
      continue;
    }
    yield options.stepMs;
    const held = tasks.filter(({ name, params }) => options.holdTask?.(node.userData.node.node.name, name, params));
    // Side by side, as in the background of a real node.
    yield Math.max(0, ...held.map(({ params }) => Number(params.timeout_seconds) * 1000));
    for (const task of tasks) {
      const isHeld = held.includes(task);
      results.push(isHeld ? { id: task.id, state: 'failed', output: HELD } : yield* doTask(node, options, task));
    }
  }
}

/** A node looks in between how it is, and speaks before its time when that has changed. Alone it has nothing to see. */
async function* untilNews(node: PlayedNode, intervalMs: number): Action {
  const before = JSON.stringify(healthOf(node));
  const lookMs = node.member.hasPeers ? LOOK_MS : intervalMs;
  for (let waitedMs = 0; waitedMs < intervalMs; waitedMs += lookMs) {
    yield Math.min(lookMs, intervalMs - waitedMs);
    if (JSON.stringify(healthOf(node)) !== before) return;
  }
}

function healthOf({ member, clock }: PlayedNode): PlayedHealth {
  return member.health(clock.now());
}

async function heartbeatBody(node: PlayedNode, results: TaskResult[]): Promise<object> {
  const [address] = node.addresses;
  const { ready, fields } = healthOf(node);
  return {
    ready,
    orchestrator: fields,
    load: { cpu_percent: 3, memory_percent: 20, disk_percent: 10 },
    tasks: results,
    ...(address === undefined ? {} : { addresses: { private: address } }),
    ...(isOld(node) ? { csr: node.key?.csrPem } : {}),
  };
}

/** Two thirds of its certificate's life are over. */
function isOld(node: PlayedNode): boolean {
  if (node.certificate === undefined) return false;
  const { notBefore, notAfter } = certificateInfo(node.certificate);
  return node.clock.now() >= notBefore + ((notAfter - notBefore) * 2) / 3;
}

async function* doTask(node: PlayedNode, options: PlayerOptions, { id, name, params }: Task): Action<TaskResult> {
  const ordered = options.failTask?.(node.userData.node.node.name, name);
  if (ordered !== undefined) return { id, state: 'failed', output: ordered };
  const task = node.member.tasks[name] ?? COMMON_TASKS[name];
  const exists = task !== undefined && node.userData.files.has(`/opt/bayou/tasks/${name}.sh`);
  node.say(`task ${name}`);
  if (!exists) return { id, state: 'failed', output: `${name}: No such file or directory` };
  try {
    const outcome = task(node, params);
    return { id, state: 'succeeded', output: typeof outcome === 'string' ? outcome : yield* outcome };
  } catch (error) {
    if (error instanceof Refused) throw error;
    return { id, state: 'failed', output: errorText(error) };
  }
}
