import createKnex, { type Knex } from 'knex';
import { parseMariaDbUrl } from '../common/db/mariadb-url.js';
import { systemIds } from '../common/ids.js';
import type { Member } from './member.js';

const MARK = 'bayou-bench';
const ROWS_AT_ONCE = 200;
const LABELS = JSON.stringify({ availability_zone: 'nova' });

/** Clusters in the database of a Magnum, as many as Bayou has beside it. `remove` takes away all that a bench ever made. */
export async function plantPeerFleet(url: string, { projectId, userId }: Member, clusters: number) {
  const knex = createKnex({ client: 'mysql2', connection: { ...parseMariaDbUrl(url) } });
  const remove = async () => {
    await removeAll(knex);
    await knex.destroy();
  };
  try {
    await removeAll(knex);
    const owner = { project_id: projectId, user_id: userId };
    const templateId = systemIds.uuid();
    const kind = { coe: 'swarm-mode', server_type: 'vm', cluster_distro: 'fedora-atomic', network_driver: 'docker' };
    const flags = {
      public: 0,
      hidden: 0,
      registry_enabled: 0,
      tls_disabled: 0,
      master_lb_enabled: 0,
      floating_ip_enabled: 1,
    };
    await knex('cluster_template').insert({
      ...owner,
      ...kind,
      ...flags,
      uuid: templateId,
      name: MARK,
      labels: LABELS,
      image_id: 'debian-12',
      created_at: knex.fn.now(),
    });
    const rows = Array.from({ length: clusters }, () => clusterRow(knex, owner, templateId));
    await knex.batchInsert('cluster', rows, ROWS_AT_ONCE);
    const groups = rows.flatMap(({ uuid }) => [
      groupRow(knex, projectId, uuid, 'master', 1),
      groupRow(knex, projectId, uuid, 'worker', 2),
    ]);
    await knex.batchInsert('nodegroup', groups, ROWS_AT_ONCE);
    return { clusterId: rows[Math.floor(rows.length / 2)]?.uuid ?? '', remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function clusterRow(knex: Knex, owner: { project_id: string; user_id: string }, templateId: string) {
  return {
    ...owner,
    uuid: systemIds.uuid(),
    name: MARK,
    cluster_template_id: templateId,
    stack_id: systemIds.uuid(),
    status: 'CREATE_COMPLETE',
    status_reason: 'Stack CREATE completed successfully',
    api_address: 'tcp://172.24.4.10:2376',
    create_timeout: 60,
    keypair: 'demo',
    labels: LABELS,
    master_flavor_id: 'm1.small',
    flavor_id: 'm1.small',
    floating_ip_enabled: 1,
    master_lb_enabled: 0,
    created_at: knex.fn.now(),
  };
}

function groupRow(knex: Knex, projectId: string, clusterId: string, role: string, nodeCount: number) {
  return {
    uuid: systemIds.uuid(),
    name: `default-${role}`,
    cluster_id: clusterId,
    project_id: projectId,
    labels: LABELS,
    flavor_id: 'm1.small',
    image_id: 'debian-12',
    node_addresses: JSON.stringify(['172.24.4.10']),
    node_count: nodeCount,
    min_node_count: 0,
    role,
    is_default: 1,
    status: 'CREATE_COMPLETE',
    created_at: knex.fn.now(),
  };
}

async function removeAll(knex: Knex): Promise<void> {
  await knex('nodegroup')
    .whereIn('cluster_id', knex('cluster').where({ name: MARK }).select('uuid'))
    .delete();
  await knex('cluster').where({ name: MARK }).delete();
  await knex('cluster_template').where({ name: MARK }).delete();
}
