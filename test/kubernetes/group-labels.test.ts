import { billSchema } from '../../drivers/bill.js';
import { kubernetes } from '../../drivers/kubernetes/driver.js';
import { makeDrivers } from '../../drivers/registry.js';
import { plannedInfrastructure, sampleCluster } from '../contract/driver/sample-cluster.js';

const VERSIONS = ['v1.24.9', 'v1.25.3', 'v1.27.1', 'v1.28.4'];
const FILE = { name: 'kubelet', for: 'all', path: 'kubelet', sha256: 'a'.repeat(64), to: '/opt/kubelet' };
const bills = VERSIONS.map((version) => billSchema.parse({ version, origin: 'the test', files: [FILE] }));
const driver = kubernetes({ bills: () => bills, mirrorUrl: 'https://mirror.example/all' });

/** What is said of a new group's labels in a cluster whose masters run this version. */
function problemsOf(labels: Record<string, string>, masters = 'v1.27.1', clusterLabels = {}): string[] {
  const order = {
    labels,
    clusterLabels: { kube_tag: masters, ...clusterLabels },
    groups: [{ role: 'master', labels: { kube_tag: masters } }],
  };
  return (driver.validateGroupLabels?.(order) ?? []).map(({ field, message }) => `${field}: ${message}`);
}

/** What a worker of a group with these labels is told. */
function settingsOf(labels: Record<string, string>): Record<string, unknown> {
  const cluster = sampleCluster(driver, { labels: { kube_tag: 'v1.27.1' } });
  const [worker] = cluster.workers;
  if (worker === undefined) throw new Error('the sample has a worker');
  const groups = cluster.spec.groups.map((group) =>
    group.uuid === worker.nodeGroupId ? { ...group, labels: { ...group.labels, ...labels } } : group,
  );
  return driver.planNode({ ...cluster.spec, groups }, plannedInfrastructure(cluster), worker).settings;
}

describe('labels of a node group', () => {
  it('that are of nodes count for its nodes', () => {
    const own = { kube_mirror: 'https://mirror.example/edge', cgroup_driver: 'cgroupfs', kube_tag: 'v1.25.3' };

    expect(problemsOf({ ...own, availability_zone: 'edge', docker_volume_type: 'lvm' })).toEqual([]);
    expect(settingsOf({})).toMatchObject({ mirror: 'https://mirror.example/all', cgroup_driver: 'systemd' });
    expect(settingsOf(own)).toMatchObject({
      mirror: own.kube_mirror,
      cgroup_driver: 'cgroupfs',
      kubernetes_version: 'v1.25.3',
    });
  });

  it.each([
    [{ nfs_server: '192.0.2.9' }, 'labels.nfs_server: is of the whole cluster, which does not have it: leave it out'],
    [
      { pods_network_cidr: '10.1.0.0/16' },
      'labels.pods_network_cidr: is of the whole cluster, which has "10.100.0.0/16"',
    ],
    [
      { service_cluster_ip_range: '10.2.0.0/16' },
      'labels.service_cluster_ip_range: is of the whole cluster, which has',
    ],
  ])('that are of the whole cluster are refused: %j', (labels, words) => {
    expect(problemsOf(labels)).toEqual([expect.stringContaining(words)]);
  });

  it('that say what the cluster has anyway, mean nothing or nobody knows are taken', () => {
    const clusterLabels = { nfs_server: '192.0.2.9', nfs_path: '/srv' };
    const labels = { ...clusterLabels, pods_network_cidr: '10.100.0.0/16', use_podman: 'true', colour: 'red' };

    expect(problemsOf(labels, 'v1.27.1', clusterLabels)).toEqual([]);
  });

  it.each([
    ['v1.27.1', 'v1.28.4', 'v1.28.4 is newer than the masters, which run v1.27.1: that is the highest'],
    ['v1.27.1', 'v1.24.9', 'v1.24.9 is too old for masters of v1.27.1: from v1.25 to v1.27.1 they serve'],
    ['v1.28.4', 'v1.24.9', 'v1.24.9 is too old for masters of v1.28.4: from v1.25 to v1.28.4 they serve'],
  ])('name no version that masters of %s do not serve: %s', (masters, own, words) => {
    expect(problemsOf({ kube_tag: own }, masters)).toEqual([`labels.kube_tag: ${words}`]);
  });

  it.each([
    ['v1.27.1', 'v1.25.3'],
    ['v1.28.4', 'v1.25.3'],
    ['v1.28.4', 'v1.28.4'],
  ])('may name a version that masters of %s serve: %s', (masters, own) => {
    expect(problemsOf({ kube_tag: own }, masters)).toEqual([]);
  });

  it('that came from a cluster half-way through an upgrade go by its masters', () => {
    const order = {
      labels: { kube_tag: 'v1.28.4' },
      clusterLabels: { kube_tag: 'v1.28.4' },
      groups: [{ role: 'master', labels: { kube_tag: 'v1.27.1' } }],
    };

    expect(driver.validateGroupLabels?.(order)).toEqual([]);
  });

  it('of a Swarm are judged likewise', () => {
    const { swarm } = makeDrivers();
    const order = {
      labels: { fixed_subnet_cidr: '10.9.0.0/24', availability_zone: 'b' },
      clusterLabels: {},
      groups: [],
    };

    expect(swarm?.validateGroupLabels?.(order)?.map(({ field }) => field)).toEqual(['labels.fixed_subnet_cidr']);
  });
});
