import type { Query } from './database.js';
import { Table } from './table.js';

/** A conductor's sign of life, served as an mservice. */
export interface Conductor {
  id: number;
  host: string;
  binary: string;
  disabled: boolean;
  disabledReason: string | undefined;
  reportCount: number;
  lastSeenUp: number;
  createdAt: number;
  updatedAt: number | undefined;
}

export const conductors = new Table<Conductor>('conductors', {
  id: 'number',
  host: 'text',
  binary: 'text',
  disabled: 'boolean',
  disabledReason: 'text',
  reportCount: 'number',
  lastSeenUp: 'number',
  createdAt: 'number',
  updatedAt: 'number',
});

export const CONDUCTOR_BINARY = 'magnum-conductor';

/** One row per host, as upstream: made at the first report, counted up afterwards. */
export async function reportConductor(trx: Query, host: string, now: number): Promise<void> {
  const known = { host, binary: CONDUCTOR_BINARY };
  const matched = await conductors
    .rows(trx)
    .where(known)
    .update({ last_seen_up: now, updated_at: now, report_count: trx.raw('report_count + 1') });
  if (matched > 0) return;
  await conductors
    .rows(trx)
    .insert(conductors.toRow({ ...known, disabled: false, reportCount: 1, lastSeenUp: now, createdAt: now }))
    .onConflict(['host', 'binary'])
    .ignore();
}
