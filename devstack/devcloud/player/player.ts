import type { Cancel, Clock } from '../../../common/clock.js';
import { errorText } from '../../../common/errors.js';
import type { Ids } from '../../../common/ids.js';
import type { Log } from '../../../common/log.js';
import { createHttpsSend, type Send } from './https-send.js';
import { live, type PlayerOptions } from './life.js';
import type { Member, PlayedCluster } from './member.js';
import { playCluster } from './orchestrators.js';
import { type PlayedNode, Refused } from './played-node.js';
import { type NodeJson, type NodeUserData, readUserData } from './user-data.js';

export interface PlayerDeps {
  clock: Clock;
  ids: Ids;
  log: Log;
  /** Every message goes through it. Default: `createHttpsSend`. */
  send?: Send;
}

export interface PlayedServer {
  id: string;
  name: string;
  /** As the machine reads it: decoded. */
  userData: string;
  /** The server's metadata as its metadata service says it; left out where there is none. */
  metadata?(): Promise<Record<string, string>>;
  addresses: string[];
}

export interface Playing {
  /** The machine is switched off. */
  stop(): void;
  consoleLog(): string;
}

const MAX_CONSOLE_LINES = 500;
/** Below what the node listener takes in one piece, however long the lines. */
const MAX_COLLECTED_LINES = 200;
/** While a node hangs it is looked at again after this. */
const HANGING_MS = 5000;

/** Plays machines for the development cloud. */
export function createPlayer(deps: PlayerDeps, options: PlayerOptions): (server: PlayedServer) => Playing {
  const send = deps.send ?? createHttpsSend(deps.clock);
  const clusters = new Map<string, PlayedCluster>();
  const memberOf = (node: NodeJson) => {
    const cluster = clusters.get(node.cluster.id) ?? playCluster(node.steps);
    clusters.set(node.cluster.id, cluster);
    return cluster(node, options);
  };
  return (server) => startPlayer({ ...deps, send, memberOf }, server, options);
}

/**
 * Plays one machine from its real user data against the real node listener. Every action is one task of the clock, so
 * that on a fake clock each run is the same.
 */
function startPlayer(
  deps: PlayerDeps & { send: Send; memberOf: (node: NodeJson) => Member },
  server: PlayedServer,
  options: PlayerOptions,
): Playing {
  const consoleLines: string[] = [];
  const say = (line: string) => {
    consoleLines.push(`[${new Date(deps.clock.now()).toISOString()}] ${line}`);
    if (consoleLines.length > MAX_CONSOLE_LINES) consoleLines.shift();
    deps.log.debug({ server: server.name, line }, 'Played node');
  };
  const consoleLog = () => `${consoleLines.join('\n')}\n`;
  const userData = attemptRead(server, say);
  if (userData === undefined) return { stop: () => {}, consoleLog };

  const node: PlayedNode = {
    clock: deps.clock,
    ids: deps.ids,
    send: deps.send,
    userData,
    addresses: server.addresses,
    metadata: async () => (await server.metadata?.()) ?? {},
    say,
    said: () => consoleLines.slice(-MAX_COLLECTED_LINES),
    key: undefined,
    certificate: undefined,
    identity: { ca: userData.node.listener.ca },
    profiles: new Map(),
    member: deps.memberOf(userData.node),
    stepsDone: new Set(),
  };
  return { stop: goOn(deps.clock, node, options), consoleLog };
}

function attemptRead(server: PlayedServer, say: (line: string) => void): NodeUserData | undefined {
  try {
    const userData = readUserData(server.userData);
    if (userData === undefined) say('no user data of a cluster node: this machine just runs');
    return userData;
  } catch (error) {
    say(`user data can't be read: ${errorText(error)}`);
    return undefined;
  }
}

function goOn(clock: Clock, node: PlayedNode, options: PlayerOptions): Cancel {
  const { name } = node.userData.node.node;
  const life = live(node, options);
  let stopped = false;
  let cancel: Cancel = () => {};
  const next = async (): Promise<void> => {
    const hangs = options.silent?.(name) === true;
    node.member.halt(hangs ? clock.now() : undefined);
    const delayMs = hangs ? HANGING_MS : await step(life, node);
    if (!stopped && delayMs !== undefined) cancel = clock.after(delayMs, next);
  };
  cancel = clock.after(0, next);
  return () => {
    stopped = true;
    cancel();
    node.member.halt(clock.now());
  };
}

/** The next action; how long to wait after it, undefined when there is nothing more to do. */
async function step(life: AsyncGenerator<number, void, void>, node: PlayedNode): Promise<number | undefined> {
  try {
    const { done, value } = await life.next();
    return done === true ? undefined : value;
  } catch (error) {
    node.say(error instanceof Refused ? error.message : `the runner ended: ${errorText(error)}`);
    return undefined;
  }
}
