import type { Session } from '../openstack/session.js';
import { openCloudSite } from '../test/cloud/cloud-site.js';
import { readTarget } from '../test/cloud/target.js';
import { ApiClient } from '../test/support/api-fixture.js';
import { makeCluster, makeTemplate } from '../test/support/orders.js';
import { until } from '../test/support/until.js';
import type { PeerOrder } from './peer.js';
import { countResources, signalDeployments } from './peer-stack.js';
import { atMost, inWords, type Row } from './row.js';

const NODES = 20;
const LIMIT_MS = 10 * 60_000;
const LOOK_MS = 1000;
/** With `os_distro` fedora-coreos, the one whose template Magnum still had at the end. */
const PEER_IMAGE = 'fedora-coreos-fake';

interface Made {
  seconds: number;
  resources: number;
}

/**
 * One manager and twenty workers, made by Magnum's own template and by Bayou, one after the other, on the cloud of
 * `OS_*` whose servers run nothing: Bayou's nodes are played, Magnum's software deployments are signalled at once.
 */
export async function measureClusterOfTwenty(peer: PeerOrder): Promise<Row[]> {
  const target = readTarget(process.env);
  const site = await openCloudSite(target, undefined);
  try {
    await liftQuotas(site.service, (await site.member.identity({})).projectId ?? '');
    const own = (await site.client(await site.processes.start('all'))).at('latest');
    const theirs = new ApiClient(peer.url.replace(/\/v1\/*$/, ''), own.headers);
    const common = {
      flavor_id: target.flavor,
      master_flavor_id: target.flavor,
      external_network_id: target.externalNetwork,
      // Each would be a write of Neutron's, which both wait for, and say nothing about either.
      floating_ip_enabled: false,
    };
    const magnum = await make(theirs, site.member, {
      ...common,
      coe: 'kubernetes',
      network_driver: 'flannel',
      image_id: PEER_IMAGE,
    });
    const bayou = await make(own, site.member, { ...common, image_id: target.image });
    const beside = (key: keyof Made) => `${inWords(bayou[key])} beside ${inWords(magnum[key])}`;
    return [
      atMost({
        what: `create of ${NODES} nodes, beside Magnum's template on the same Heat`,
        limit: 0.6,
        measured: bayou.seconds / magnum.seconds,
        unit: '×',
        beside: `${beside('seconds')} s`,
      }),
      atMost({
        what: 'its Heat resources',
        limit: 0.15,
        measured: bayou.resources / magnum.resources,
        unit: '×',
        beside: beside('resources'),
      }),
    ];
  } finally {
    await site.close();
  }
}

/** A new project may have ten servers. */
async function liftQuotas(service: Session, projectId: string): Promise<void> {
  const servers = { instances: -1, cores: -1, ram: -1, server_groups: -1, server_group_members: -1 };
  const path = `/os-quota-sets/${projectId}`;
  await service.request({}, { service: 'compute', method: 'PUT', path, body: { quota_set: servers } });
  const network = { port: -1, floatingip: -1, security_group: -1, security_group_rule: -1 };
  const request = {
    service: 'network',
    method: 'PUT',
    path: `/quotas/${projectId}`,
    body: { quota: network },
  } as const;
  await service.request({}, request);
}

/** From the request to CREATE_COMPLETE; the cluster is deleted again, and so is what failed when the site closes. */
async function make(client: ApiClient, member: Session, template: Record<string, unknown>): Promise<Made> {
  const templateId = await makeTemplate(client, template);
  const startedAt = performance.now();
  const uuid = await makeCluster(client, { cluster_template_id: templateId, master_count: 1, node_count: NODES });
  const status = async () => String((await client.get(`/v1/clusters/${uuid}`)).body.status);
  const isMade = async () => {
    await signalDeployments(member);
    return !['CREATE_IN_PROGRESS', 'undefined'].includes(await status());
  };
  await until(isMade, { limitMs: LIMIT_MS, everyMs: LOOK_MS });
  const made = { seconds: (performance.now() - startedAt) / 1000, resources: await countResources(member) };
  const ended = await status();
  await client.delete(`/v1/clusters/${uuid}`);
  if (ended !== 'CREATE_COMPLETE') throw new Error(`${template.coe ?? 'swarm-mode'}: ${ended}`);
  const isGone = async () => (await client.get(`/v1/clusters/${uuid}`)).status === 404;
  await until(isGone, { limitMs: LIMIT_MS, everyMs: LOOK_MS });
  await client.delete(`/v1/clustertemplates/${templateId}`);
  return made;
}
