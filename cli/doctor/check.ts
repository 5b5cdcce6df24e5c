import type { Clock } from '../../common/clock.js';
import type { LoadedConfig } from '../../common/config/load.js';
import type { Ids } from '../../common/ids.js';
import type { CallContext, Session } from '../../openstack/session.js';
import type { Transport } from '../../openstack/transport.js';

export type State = 'ok' | 'warn' | 'fail';

/** One line of the report. */
export interface Finding {
  state: State;
  what: string;
  found: string;
  /** What to do about it, in one sentence without its full stop. */
  remedy?: string;
}

/** What checks look at, and what they look with. */
export interface Patient {
  loaded: LoadedConfig;
  clock: Clock;
  ids: Ids;
  transport: Transport;
  /** Longest time for one call; nothing is tried twice. */
  callMs: number;
  /** Where Keystone is, or the development cloud's where none is configured. */
  authUrl: string;
  isDevelopmentCloud: boolean;
  service: Session;
  domainAdmin: Session;
  /** The service user again, who has not logged in yet. */
  newServiceSession(): Session;
  /** A session of the cloud for an account that is made on the way. */
  accountSession(account: { userId: string; password: string; projectId: string }): Session;
  /** Name or id; undefined for the service user's own. */
  project: string | undefined;
}

export interface Check {
  name: string;
  /** Checks that must not have failed; without them this one would only fail of the same. */
  needs?: readonly string[];
  /** What to do when it throws. */
  remedy: string;
  /** Longest time for all of it. Default 20 s. */
  limitMs?: number;
  run(patient: Patient, ctx: CallContext): Promise<Finding[]>;
}

export function ok(what: string, found: string): Finding {
  return { state: 'ok', what, found };
}

export function warn(what: string, found: string, remedy: string): Finding {
  return { state: 'warn', what, found, remedy };
}

export function fail(what: string, found: string, remedy: string): Finding {
  return { state: 'fail', what, found, remedy };
}
