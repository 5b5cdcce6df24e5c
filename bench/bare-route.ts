import createKnex from 'knex';
import Koa from 'koa';

/**
 * The yardstick: what koa, knex and mysql2 give for the same two queries and the same JSON as `GET /v1/clusters` and
 * `GET /v1/clusters/{id}`, with nothing around them: no authentication, no policy, no versions, no validation, no log.
 * Arguments: port, database URL, project id.
 */
const [port = '0', database = '', projectId = ''] = process.argv.slice(2);
const knex = createKnex({ client: 'mysql2', connection: database, pool: { min: 0, max: 10 } });

type Row = Record<string, unknown>;

const SUMMARY = [
  'clusters.uuid',
  'name',
  'cluster_template_id',
  'keypair',
  'docker_volume_size',
  'clusters.labels',
  'status',
  'health_status',
  'master_flavor_id',
  'flavor_id',
  'create_timeout',
  'stack_id',
];

async function list(baseUrl: string, limit: number) {
  const rows: Row[] = await knex('clusters')
    .where({ project_id: projectId })
    .orderBy('id')
    .limit(limit)
    .select(SUMMARY);
  const uuids = rows.map(({ uuid }) => uuid as string);
  const groups: Row[] = await knex('node_groups')
    .whereIn('cluster_id', uuids)
    .select('cluster_id', 'role', 'node_count');
  const counts = new Map(uuids.map((uuid) => [uuid, { masters: 0, workers: 0 }]));
  for (const { cluster_id, role, node_count } of groups) {
    const count = counts.get(cluster_id as string);
    if (count !== undefined) count[role === 'master' ? 'masters' : 'workers'] += Number(node_count);
  }
  const next = `${baseUrl}/v1/clusters?sort_key=id&sort_dir=asc&limit=${limit}&marker=${uuids.at(-1)}`;
  return { clusters: rows.map((row) => summary(baseUrl, row, counts.get(row.uuid as string))), next };
}

function summary(baseUrl: string, row: Row, count: { masters: number; workers: number } | undefined) {
  return {
    uuid: row.uuid,
    name: row.name,
    cluster_template_id: row.cluster_template_id,
    keypair: row.keypair,
    docker_volume_size: row.docker_volume_size,
    labels: JSON.parse(row.labels as string),
    merge_labels: false,
    node_count: count?.workers,
    master_count: count?.masters,
    status: row.status,
    health_status: row.health_status,
    master_flavor_id: row.master_flavor_id,
    flavor_id: row.flavor_id,
    create_timeout: row.create_timeout,
    cluster_id: row.stack_id,
    links: [
      { href: `${baseUrl}/v1/clusters/${row.uuid}`, rel: 'self' },
      { href: `${baseUrl}/clusters/${row.uuid}`, rel: 'bookmark' },
    ],
  };
}

async function show(baseUrl: string, uuid: string) {
  const row: Row = await knex('clusters')
    .leftJoin('cluster_templates as templates', 'templates.uuid', 'clusters.cluster_template_id')
    .where({ 'clusters.uuid': uuid, 'clusters.project_id': projectId })
    .first('clusters.*', 'templates.labels as template_labels');
  const members: Row[] = await knex('node_groups as groups')
    .leftJoin('nodes', 'nodes.node_group_id', 'groups.uuid')
    .where('groups.cluster_id', uuid)
    .orderBy(['groups.id', 'nodes.id'])
    .select('groups.uuid', 'groups.role', 'groups.node_count', 'nodes.addresses');
  const count = { masters: 0, workers: 0 };
  const addresses: { masters: string[]; workers: string[] } = { masters: [], workers: [] };
  const counted = new Set();
  for (const member of members) {
    const kind = member.role === 'master' ? 'masters' : 'workers';
    if (!counted.has(member.uuid)) count[kind] += Number(member.node_count);
    counted.add(member.uuid);
    if (member.addresses === null) continue;
    const known = JSON.parse(member.addresses as string);
    addresses[kind].push(known.public ?? known.private);
  }
  const own = JSON.parse(row.labels as string);
  const parent = JSON.parse(row.template_labels as string);
  const keys = (object: Row, wanted: (key: string) => boolean) =>
    Object.fromEntries(Object.entries(object).filter(([key]) => wanted(key)));
  return {
    ...summary(baseUrl, row, count),
    status_reason: row.status_reason,
    health_status_reason: JSON.parse(row.health_status_reason as string),
    api_address: row.api_address,
    node_addresses: addresses.workers,
    master_addresses: addresses.masters,
    discovery_url: row.discovery_url,
    coe_version: row.coe_version,
    container_version: row.container_version,
    project_id: row.project_id,
    user_id: row.user_id,
    fixed_network: row.fixed_network,
    fixed_subnet: row.fixed_subnet,
    floating_ip_enabled: row.floating_ip_enabled === 1,
    master_lb_enabled: row.master_lb_enabled === 1,
    labels_overridden: keys(parent, (key) => key in own && own[key] !== parent[key]),
    labels_added: keys(own, (key) => !(key in parent)),
    labels_skipped: keys(parent, (key) => !(key in own)),
    created_at: time(row.created_at),
    updated_at: time(row.updated_at),
  };
}

function time(at: unknown): string {
  return `${new Date(Number(at)).toISOString().slice(0, 19)}+00:00`;
}

const app = new Koa();
app.use(async (ctx) => {
  const baseUrl = `${ctx.protocol}://${ctx.host}`;
  const uuid = ctx.path.slice('/v1/clusters/'.length);
  ctx.body = uuid === '' ? await list(baseUrl, Number(ctx.query.limit)) : await show(baseUrl, uuid);
});
app.listen(Number(port), '127.0.0.1');
