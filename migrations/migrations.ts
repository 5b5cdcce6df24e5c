import type { Knex } from 'knex';
import * as clusterTemplates from './0001-cluster-templates.js';
import * as clusters from './0002-clusters.js';
import * as nodeGroups from './0003-node-groups.js';
import * as nodes from './0004-nodes.js';
import * as operations from './0005-operations.js';
import * as events from './0006-events.js';
import * as cloudResources from './0007-cloud-resources.js';
import * as secrets from './0008-secrets.js';
import * as certificates from './0009-certificates.js';
import * as conductors from './0010-conductors.js';
import * as nodeTasks from './0011-node-tasks.js';
import * as compareBytes from './0012-compare-bytes.js';
import * as accountKind from './0013-account-kind.js';
import * as caRotation from './0014-ca-rotation.js';
import * as x509KeyPairs from './0015-x509-key-pairs.js';
import * as quotas from './0016-quotas.js';
import * as federations from './0017-federations.js';
import * as accountGeneration from './0018-account-generation.js';
import * as settledLabels from './0019-settled-labels.js';
import * as reenrolments from './0020-reenrolments.js';
import * as certificatesOfNodes from './0021-certificates-of-nodes.js';
import * as diagnostics from './0022-diagnostics.js';

interface Migration {
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
}

/**
 * In order; append only. One small change each: MariaDB has no transactional DDL.
 * Names carry no file ending, so that sources and build agree.
 */
const migrations: [name: string, migration: Migration][] = [
  ['0001-cluster-templates', clusterTemplates],
  ['0002-clusters', clusters],
  ['0003-node-groups', nodeGroups],
  ['0004-nodes', nodes],
  ['0005-operations', operations],
  ['0006-events', events],
  ['0007-cloud-resources', cloudResources],
  ['0008-secrets', secrets],
  ['0009-certificates', certificates],
  ['0010-conductors', conductors],
  ['0011-node-tasks', nodeTasks],
  ['0012-compare-bytes', compareBytes],
  ['0013-account-kind', accountKind],
  ['0014-ca-rotation', caRotation],
  ['0015-x509-key-pairs', x509KeyPairs],
  ['0016-quotas', quotas],
  ['0017-federations', federations],
  ['0018-account-generation', accountGeneration],
  ['0019-settled-labels', settledLabels],
  ['0020-reenrolments', reenrolments],
  ['0021-certificates-of-nodes', certificatesOfNodes],
  ['0022-diagnostics', diagnostics],
];

export const migrationSource: Knex.MigrationSource<[string, Migration]> = {
  getMigrations: async () => migrations,
  getMigrationName: ([name]) => name,
  getMigration: async ([, migration]) => migration,
};
