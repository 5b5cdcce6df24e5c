import { diagnostics, removeDiagnostics } from '../../common/db/diagnostics.js';
import { errorText } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { withContext } from '../../common/request-context.js';
import { ClaimLostError, claimDiagnostic, type DiagnosticDeps, listDueDiagnostics } from './claim.js';
import { lookAtDiagnostic } from './look.js';

/** Looked at beside each other by one conductor. */
const AT_ONCE = 4;
const RETRY_MS = 30_000;
/** Removed in one go; the rest follows a minute later. */
const EXPIRED_AT_ONCE = 100;

/** A look at those that are due. Any number of conductors may do so. */
export async function lookAtDiagnostics(deps: DiagnosticDeps, log: Log): Promise<number> {
  const due = await deps.db.read('due diagnostics', (query) => listDueDiagnostics(query, deps.clock.now(), AT_ONCE));
  await Promise.all(due.map((uuid) => look(deps, log, uuid)));
  return due.length;
}

/** What goes wrong here is tried again until the diagnostic's time is over. */
async function look(deps: DiagnosticDeps, log: Log, uuid: string): Promise<void> {
  const claim = await claimDiagnostic(deps, uuid);
  if (claim === undefined) return;
  const { clusterId, projectId } = claim.diagnostic;
  try {
    await withContext({ clusterId, projectId }, () => lookAtDiagnostic(deps, claim));
  } catch (error) {
    if (error instanceof ClaimLostError) return;
    log.warn({ diagnostic: uuid, clusterId, error: errorText(error) }, 'Diagnostic not looked at to the end');
    const again = { dueAt: deps.clock.now() + RETRY_MS, claimedUntil: undefined };
    await claim.write('put diagnostic off', again).catch(() => {});
  }
}

/** Those whose time is over, with what was collected. */
export async function removeExpiredDiagnostics({ db, clock }: Pick<DiagnosticDeps, 'db' | 'clock'>): Promise<void> {
  await db.transaction('remove expired diagnostics', async (trx) => {
    const expired = await diagnostics
      .rows(trx)
      .where('expires_at', '<=', clock.now())
      .orderBy('id')
      .limit(EXPIRED_AT_ONCE)
      .pluck('uuid');
    await removeDiagnostics(trx, expired);
  });
}
