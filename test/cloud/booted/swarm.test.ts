import type { ApiClient } from '../../support/api-fixture.js';
import { ClusterWatch } from '../../support/cluster-watch.js';
import { makeCluster, makeTemplate } from '../../support/orders.js';
import { until } from '../../support/until.js';
import { type CloudSite, openCloudSite } from '../cloud-site.js';
import { readTarget } from '../target.js';
import { clientCertificate, DockerEngine } from './docker-engine.js';

const TASKS = 6;
const STATUS_LIMIT_MS = 600_000;
/** A manager that is lost is named by then. */
const HEALTH_LIMIT_MS = 60_000;
const TASKS_LIMIT_MS = 180_000;

jest.setTimeout(40 * 60_000);

/**
 * Three managers behind HAProxy and keepalived, two workers and a registry, on machines that boot. The image has
 * docker, haproxy, keepalived and docker-registry, or can get them.
 */
describe('a highly available Swarm', () => {
  const target = readTarget(process.env);
  let site: CloudSite;
  let client: ApiClient;
  let uuid: string;
  let watch: ClusterWatch;
  let docker: DockerEngine;

  beforeAll(async () => {
    site = await openCloudSite(target, target.booted);
    client = (await site.client(await site.processes.start('all'))).at('latest');
  });

  afterAll(() => site?.close());

  const cluster = async () => (await client.get(`/v1/clusters/${uuid}`)).body;
  /** Swarm takes a while to believe that a node is lost. */
  const runs = async (lost?: string) =>
    (await docker.runningTasks('idle').catch(() => [])).filter(({ node }) => node !== lost);
  const allRun = (lost?: string) =>
    until(async () => (await runs(lost)).length === TASKS, {
      limitMs: TASKS_LIMIT_MS,
      everyMs: 1000,
      tell: async () => JSON.stringify(await docker.runningTasks('idle').catch(String)),
    });

  it('comes up by itself', async () => {
    const template = await makeTemplate(client, {
      image_id: target.booted?.image,
      flavor_id: target.booted?.flavor,
      master_flavor_id: target.booted?.flavor,
      external_network_id: target.externalNetwork,
      master_lb_enabled: true,
      registry_enabled: true,
      labels: { master_lb_provider: 'haproxy' },
    });
    uuid = await makeCluster(client, { cluster_template_id: template, master_count: 3, node_count: 2 });
    watch = new ClusterWatch(client, uuid, { limitMs: STATUS_LIMIT_MS, logs: site.told });
    await watch.ended('CREATE_COMPLETE');
    await site.noteAccounts();

    expect(Object.keys(await site.serverIds())).toHaveLength(5);
  });

  it('runs a service from its registry, spread over all nodes, for those who have a certificate', async () => {
    const { api_address: address } = await cluster();
    const { ca, ...pair } = await clientCertificate(client, uuid);
    docker = new DockerEngine(address, { ca, ...pair });
    await docker.pushIdleImage();
    await docker.runIdle('idle', TASKS);
    await allRun();

    expect(new Set((await runs()).map(({ node }) => node)).size).toBe(5);
    await expect(new DockerEngine(address, { ca }).nodes()).rejects.toThrow(/certificate|socket|ECONNRESET/i);
  });

  it('says within a minute which manager is lost, and the service goes on', async () => {
    const leader = Object.values(await docker.nodes()).find(({ isLeader }) => isLeader)?.name ?? '';
    const { [leader]: serverId } = await site.serverIds();
    await site.service.request({}, { service: 'compute', method: 'DELETE', path: `/servers/${serverId}` });
    const health = async () => (await cluster()).health_status_reason;
    const isTold = async () => ['False', 'Unknown'].includes((await health())?.[`${leader}.Ready`]);
    await until(isTold, {
      limitMs: HEALTH_LIMIT_MS,
      everyMs: 1000,
      tell: async () => `${leader}: ${JSON.stringify(await health())}`,
    });
    await allRun(leader);

    expect((await cluster()).health_status).toBe('UNHEALTHY');
  });

  it('lets a chosen worker go after its tasks, and touches no other server', async () => {
    const before = await site.serverIds();
    const [chosen = '', chosenId] = Object.entries(before).find(([name]) => name.endsWith('-worker-0')) ?? [];
    const answer = await client.post(`/v1/clusters/${uuid}/actions/resize`, {
      node_count: 1,
      nodes_to_remove: [chosenId],
    });
    expect(answer).toMatchObject({ status: 202 });
    await watch.ended('UPDATE_COMPLETE');
    await allRun(chosen);

    const { [chosen]: removed, ...others } = before;
    expect(await site.serverIds()).toEqual(others);
    expect((await docker.runningTasks('idle')).map(({ node }) => node)).not.toContain(chosen);
    expect(removed).toBe(chosenId);
  });

  it('leaves nothing behind', async () => {
    expect((await client.delete(`/v1/clusters/${uuid}`)).status).toBe(204);
    await watch.gone();
    expect(await site.left()).toEqual({});
  });
});
