import { certificates } from '../../../common/db/certificates.js';
import { cloudResources } from '../../../common/db/cloud-resources.js';
import { clusterTemplates } from '../../../common/db/cluster-templates.js';
import { clusters } from '../../../common/db/clusters.js';
import { conductors } from '../../../common/db/conductors.js';
import { diagnosticPieces } from '../../../common/db/diagnostic-pieces.js';
import { diagnostics } from '../../../common/db/diagnostics.js';
import { events } from '../../../common/db/events.js';
import { federations } from '../../../common/db/federations.js';
import { nodeGroups } from '../../../common/db/node-groups.js';
import { nodeTasks } from '../../../common/db/node-tasks.js';
import { nodes } from '../../../common/db/nodes.js';
import { operations } from '../../../common/db/operations.js';
import { quotaLocks } from '../../../common/db/quota-locks.js';
import { quotas } from '../../../common/db/quotas.js';
import { reenrolments } from '../../../common/db/reenrolments.js';
import { secrets } from '../../../common/db/secrets.js';
import type { Table } from '../../../common/db/table.js';

export type AnyRow = Record<string, unknown>;

/** Every table there is. Rows of any of them are values by field name here. */
export const tables = [
  certificates,
  cloudResources,
  clusterTemplates,
  clusters,
  conductors,
  diagnosticPieces,
  diagnostics,
  events,
  federations,
  nodeGroups,
  nodeTasks,
  nodes,
  operations,
  quotaLocks,
  quotas,
  reenrolments,
  secrets,
] as unknown as readonly Table<AnyRow>[];
