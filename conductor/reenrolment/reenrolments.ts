import { clusters } from '../../common/db/clusters.js';
import { nodes } from '../../common/db/nodes.js';
import { type Reenrolment, reenrolments } from '../../common/db/reenrolments.js';
import { errorText } from '../../common/errors.js';
import { INVITATION_MS } from '../../common/invitation.js';
import type { Log } from '../../common/log.js';
import { decide } from './decide.js';
import { invite, withdraw } from './invitation.js';
import { asSeen, putOff, RETRY_MS, type ReenrolmentDeps } from './request.js';

const BATCH = 50;

/**
 * Nodes that ask to enrol with a ticket that is not good any more. Any number of conductors may look: each request is
 * claimed first, and whoever dies over it leaves it to the next look, which does the same again.
 */
export async function checkReenrolments(deps: ReenrolmentDeps, log: Log): Promise<number> {
  const due = await deps.db.read('re-enrolments', async (query) =>
    reenrolments.fromRows(
      await reenrolments.rows(query).where('check_at', '<=', deps.clock.now()).orderBy('check_at').limit(BATCH),
    ),
  );
  for (const seen of due) {
    const request = await claim(deps, seen);
    if (request === undefined) continue;
    try {
      await lookAt(deps, request);
    } catch (error) {
      log.warn({ nodeId: request.nodeId, error: errorText(error) }, 'Re-enrolment not looked at; again soon');
    }
  }
  return due.length;
}

/** Puts its next look off, also for the case that this one fails. Undefined: another conductor has it. */
async function claim(deps: ReenrolmentDeps, seen: Reenrolment): Promise<Reenrolment | undefined> {
  const checkAt = deps.clock.now() + RETRY_MS;
  const taken = await deps.db.transaction('claim re-enrolment', (trx) =>
    reenrolments.update(trx, asSeen(seen), { checkAt }),
  );
  return taken === 1 ? { ...seen, checkAt } : undefined;
}

async function lookAt(deps: ReenrolmentDeps, request: Reenrolment): Promise<void> {
  const { nodeId, clusterId, state, allowedAt = 0 } = request;
  const [node, cluster] = await deps.db.read('re-enrolment of', (query) =>
    Promise.all([nodes.find(query, { uuid: nodeId }), clusters.find(query, { uuid: clusterId })]),
  );
  if (node?.state !== 'wanted' || cluster === undefined || cluster.status.startsWith('DELETE_')) {
    // What stands in its server's metadata goes with the server.
    await deps.db.transaction('forget re-enrolment', (trx) => reenrolments.delete(trx, asSeen(request)));
    return;
  }
  const subject = { node, cluster, request };
  const end = allowedAt + INVITATION_MS;
  const isOver = deps.clock.now() >= end;
  if (state === 'asked') return decide(deps, subject);
  if (state === 'invited' && !isOver) return invite(deps, subject);
  if (state === 'key' && !isOver) return putOff(deps, request, end);
  return withdraw(deps, subject);
}
