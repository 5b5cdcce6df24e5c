import type { Clock } from '../../common/clock.js';
import type { Ids } from '../../common/ids.js';
import type { Log } from '../../common/log.js';
import type { Player } from '../../devstack/devcloud/cloud.js';
import { createHttpsSend, type Send } from '../../devstack/devcloud/player/https-send.js';
import { createPlayer } from '../../devstack/devcloud/player/player.js';
import type { Seams } from './seams.js';

const STEP_MS = 500;

/** How the played nodes of a test differ from ones that do everything right. */
export interface NodeBehaviour {
  /** The end of the log when this step is to fail on this node. */
  failStep?: (node: string, step: string) => string | undefined;
  /** The same when it is to wait for others. */
  waitStep?: (node: string, step: string) => string | undefined;
  /** The same for tasks. */
  failTask?: (node: string, task: string) => string | undefined;
  /** Whether this task takes all of its time, and fails then. */
  holdTask?: (node: string, task: string, params: Record<string, string>) => boolean;
  /** What it tells of its SSH host key when it enrols. */
  sshHostKey?: (node: string) => string | undefined;
  /** A node that boots and never says a word. */
  silent?: (node: string) => boolean;
  busy?: (node: string) => boolean;
}

/** Plays nodes whose every message is a point at which the process they talk to may be stopped. */
export function playNodes(
  deps: { clock: Clock; ids: Ids; log: Log },
  behaviour: NodeBehaviour,
  listener: () => Seams | undefined,
): Player {
  const overTls = createHttpsSend(deps.clock);
  const send: Send = (request) =>
    listener()?.pass('node', `${request.method} ${request.path}`, () => overTls(request)) ?? overTls(request);
  return createPlayer({ ...deps, send }, { stepMs: STEP_MS, ...behaviour });
}
