import type { PlayerOptions } from './life.js';
import type { Action, PlayedNode } from './played-node.js';
import type { NodeJson } from './user-data.js';

export type PlayedStep = (node: PlayedNode) => Action;

/** Its text is the task's output. */
export type PlayedTask = (node: PlayedNode, params: Record<string, string>) => string | Action<string>;

/** What `health.sh` says: its fields, and whether it ended well. */
export interface PlayedHealth {
  ready: boolean;
  fields: Record<string, string>;
}

/**
 * A machine's part in its orchestrator: what the steps' and tasks' scripts do, as far as Bayou can tell the difference.
 * A step without an entry does nothing but take its time. One that throws has failed, or waits when
 * it throws a `Waiting`; its message is the end of its log.
 */
export interface Member {
  readonly steps: Readonly<Record<string, PlayedStep>>;
  readonly tasks: Readonly<Record<string, PlayedTask>>;
  health(now: number): PlayedHealth;
  /** Whether another machine can change what its health is. */
  readonly hasPeers: boolean;
  /** Undefined: the machine runs. */
  halt(haltedAt: number | undefined): void;
}

/** One cluster, of which each machine is made a member. */
export type PlayedCluster = (node: NodeJson, options: PlayerOptions) => Member;
