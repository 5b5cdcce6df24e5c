import type { Query } from './database.js';
import { Table } from './table.js';

/** What those who take of a quota meet at. It counts nothing: the things themselves are counted. */
export interface QuotaLock {
  id: number;
  projectId: string;
  resource: string;
  version: number;
}

export const quotaLocks = new Table<QuotaLock>('quota_locks', {
  id: 'number',
  projectId: 'text',
  resource: 'text',
  version: 'number',
});

/**
 * From here to the end of the transaction nobody else takes of this quota: others wait, and then see what was taken. The
 * row is always written, so that two writers on different Galera nodes, where row locks do not meet, collide at commit.
 */
export async function lockQuota(trx: Query, projectId: string, resource: string): Promise<void> {
  await quotaLocks
    .rows(trx)
    .insert(quotaLocks.toRow({ projectId, resource, version: 1 }))
    .onConflict(['project_id', 'resource'])
    .merge({ version: trx.raw('quota_locks.version + 1') });
}
