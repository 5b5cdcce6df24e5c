import type { Query } from '../../common/db/database.js';
import { type Diagnostic, diagnostics } from '../../common/db/diagnostics.js';
import type { WorkDeps } from '../work.js';

/** What looks at diagnostics need of the outside. */
export type DiagnosticDeps = Pick<WorkDeps, 'db' | 'clock' | 'ids' | 'sealer' | 'accounts' | 'ssh' | 'settings'>;

/** Longer than any look: whoever is not back by then has died. */
export const CLAIM_MS = 120_000;

/** Another conductor has it now, or it is gone: drop everything, write nothing. */
export class ClaimLostError extends Error {
  constructor(uuid: string) {
    super(`The claim on diagnostic ${uuid} was lost`);
    this.name = 'ClaimLostError';
  }
}

/** A diagnostic in one conductor's hand, for one look. */
export interface Claim {
  diagnostic: Diagnostic;
  /** Writes its new state, and what belongs to it, if it is still ours. @throws ClaimLostError */
  write(name: string, changes: Partial<Diagnostic>, more?: (trx: Query) => Promise<void>): Promise<void>;
}

/** Those that are due and in nobody's hand, the oldest first. */
export async function listDueDiagnostics(query: Query, now: number, limit: number): Promise<string[]> {
  return diagnostics
    .rows(query)
    .whereNotNull('open_key')
    .where('due_at', '<=', now)
    .where((free) => free.whereNull('claimed_until').orWhere('claimed_until', '<=', now))
    .orderBy('id')
    .limit(limit)
    .pluck('uuid');
}

/** Undefined: another conductor was first. */
export async function claimDiagnostic(deps: DiagnosticDeps, uuid: string): Promise<Claim | undefined> {
  const { db, clock } = deps;
  const diagnostic = await db.transaction('claim diagnostic', async (trx) => {
    const now = clock.now();
    const taken = await diagnostics
      .rows(trx)
      .where({ uuid })
      .whereNotNull('open_key')
      .where('due_at', '<=', now)
      .where((free) => free.whereNull('claimed_until').orWhere('claimed_until', '<=', now))
      .update({ claimed_until: now + CLAIM_MS, fence: trx.raw('fence + 1') });
    return taken === 1 ? diagnostics.find(trx, { uuid }) : undefined;
  });
  if (diagnostic === undefined) return undefined;
  const { fence } = diagnostic;
  return {
    diagnostic,
    write: (name, changes, more) =>
      db.transaction(name, async (trx) => {
        const ours = diagnostics.rows(trx).where({ uuid, fence }).whereNotNull('open_key');
        if ((await ours.update(diagnostics.toRow(changes))) !== 1) throw new ClaimLostError(uuid);
        await more?.(trx);
      }),
  };
}
