import { MASTER_ROLE } from '../../common/db/node-groups.js';
import { type Bill, billOf, compareVersions, newest } from '../bill.js';

/**
 * How Kubernetes versions differ for whoever sets up its nodes; from upstream's changelogs. Each line is good for the
 * versions below `before`, the first that fits counts.
 */
interface Differences {
  /** Minor version, 1.x; undefined: all later ones. */
  before: number | undefined;
  /** What kubelet needs on its command line to use containerd. */
  kubeletOptions: readonly string[];
  /** Of controllers and scheduler. */
  controlPlaneOptions: readonly string[];
  /** Keeps ordinary pods from masters. */
  masterTaint: string;
  pauseTag: string;
}

/** Shuts the ports without authentication that controllers had until 1.21, the scheduler until 1.22; 1.24 took the flag. */
const SECURE_ONLY = ['--port=0'];

const DIFFERENCES: readonly Differences[] = [
  {
    before: 23,
    kubeletOptions: ['--container-runtime=remote', '--network-plugin=cni'],
    controlPlaneOptions: SECURE_ONLY,
    masterTaint: 'node-role.kubernetes.io/master',
    pauseTag: '3.2',
  },
  // 1.24 took dockershim away, and with it the flags of its network plug-ins.
  {
    before: 24,
    kubeletOptions: ['--container-runtime=remote', '--network-plugin=cni'],
    controlPlaneOptions: [],
    masterTaint: 'node-role.kubernetes.io/master',
    pauseTag: '3.2',
  },
  // 1.27 took the flag away: there is only one kind left.
  {
    before: 27,
    kubeletOptions: ['--container-runtime=remote'],
    controlPlaneOptions: [],
    masterTaint: 'node-role.kubernetes.io/control-plane',
    pauseTag: '3.7',
  },
  {
    before: undefined,
    kubeletOptions: [],
    controlPlaneOptions: [],
    masterTaint: 'node-role.kubernetes.io/control-plane',
    pauseTag: '3.9',
  },
];

export const OLDEST_MINOR = 20;

/** kubernetes.io, "Version Skew Policy": by how many minor versions a kubelet may be older than the API. */
export function maxLag(apiVersion: string): number {
  return minorOf(apiVersion) < 28 ? 2 : 3;
}

/** @throws Error when no line is for all later versions. */
export function forVersion<T extends { before: number | undefined }>(table: readonly T[], version: string): T {
  const minor = minorOf(version);
  const found = table.find(({ before }) => before === undefined || minor < before);
  if (found === undefined) throw new Error(`Nothing is known of Kubernetes ${version}`);
  return found;
}

export function differencesOf(version: string): Differences {
  return forVersion(DIFFERENCES, version);
}

export function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/**
 * What new nodes of a group with these labels run: what it was last upgraded to, but never more than the masters, whom a
 * kubelet must not be ahead of. Undefined: that was left open.
 */
export function groupVersion(
  groups: readonly { role: string; labels: Readonly<Record<string, string>> }[],
  labels: Readonly<Record<string, string>>,
  ofCluster: Readonly<Record<string, string>>,
): string | undefined {
  const masters = groups.find(({ role }) => role === MASTER_ROLE)?.labels.kube_tag ?? ofCluster.kube_tag;
  const own = labels.kube_tag;
  if (own === undefined || masters === undefined) return masters ?? own;
  return compareVersions(own, masters) > 0 ? masters : own;
}

/** The bill of the version that the label names, else of the newest. */
export function chosenBill(bills: readonly Bill[], labels: Readonly<Record<string, string>>): Bill | undefined {
  return labels.kube_tag === undefined ? newest(bills) : billOf(bills, labels.kube_tag);
}
