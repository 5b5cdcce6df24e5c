import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { appendEvent } from '../../common/db/events.js';
import type { Node } from '../../common/db/nodes.js';
import { type Reenrolment, reenrolments } from '../../common/db/reenrolments.js';
import type { CallContext } from '../../openstack/session.js';
import type { WorkDeps } from '../work.js';

export type ReenrolmentDeps = Pick<WorkDeps, 'db' | 'clock' | 'ids' | 'sealer' | 'accounts' | 'settings'>;

/** What a conductor looks at: a request that it has claimed, and whose it is. */
export interface Subject {
  node: Node;
  cluster: Cluster;
  request: Reenrolment;
}

/** When what could not be done, or not yet, is tried again. */
export const RETRY_MS = 30_000;

/** Whoever claims it, allows it or uses it changes one of these. */
export function asSeen({ id, state, checkAt }: Reenrolment): Partial<Reenrolment> {
  return { id, state, checkAt };
}

export async function putOff(deps: ReenrolmentDeps, request: Reenrolment, checkAt: number): Promise<void> {
  await deps.db.transaction('put re-enrolment off', (trx) => reenrolments.update(trx, asSeen(request), { checkAt }));
}

export function contextOf({ settings }: ReenrolmentDeps): CallContext {
  return { timeoutMs: settings.callTimeoutMs };
}

export async function tell(
  { ids, clock }: ReenrolmentDeps,
  trx: Query,
  { clusterId, projectId, name }: Node,
  { kind, what }: { kind: string; what: string },
): Promise<void> {
  const message = `Node ${name} ${what}`;
  await appendEvent(trx, {
    uuid: ids.uuid(),
    clusterId,
    projectId,
    actor: 'bayou',
    kind,
    message,
    createdAt: clock.now(),
  });
}
