import { MASTER_ROLE } from '../../common/db/node-groups.js';
import { type Bill, billOf, compareVersions, versionSchema } from '../bill.js';
import type { Problem } from '../driver.js';
import type { UpgradeOrder, UpgradePlan } from '../upgrade-order.js';
import { groupVersion, maxLag, minorOf } from './versions.js';

const FIELD = 'cluster_template';

/** The cluster goes to the template's `kube_tag`; a further group goes where the masters are. */
export function planUpgrade(bills: readonly Bill[], mirrorUrl: string | undefined, order: UpgradeOrder): UpgradePlan {
  const running = versionSchema.safeParse(order.runningVersion).data;
  const masters = order.groups.find(({ role }) => role === MASTER_ROLE);
  const before = masters?.labels.kube_tag ?? running ?? order.labels.kube_tag ?? '';
  const version = (order.groupId === undefined ? order.wanted.kube_tag : before) ?? '';
  const plan = { before, version, labels: { kube_tag: version }, labelsBefore: { kube_tag: before } };
  if (version === '') return { ...plan, problems: [], unfit: 'it has no label kube_tag, which says the version' };
  if (before === '')
    return { ...plan, problems: [{ field: FIELD, message: 'what the cluster runs is not known yet' }] };
  return {
    ...plan,
    problems: [
      ...versionProblems(bills, before, version),
      ...(order.groupId === undefined ? lagProblems(order, version) : []),
      ...((order.labels.kube_mirror ?? mirrorUrl) === undefined
        ? [{ field: FIELD, message: 'without a mirror nodes have what is on their image: make another cluster' }]
        : []),
    ],
  };
}

function versionProblems(bills: readonly Bill[], before: string, version: string): Problem[] {
  const problem = (message: string) => [{ field: FIELD, message }];
  if (billOf(bills, version) === undefined) {
    const known = bills.map((bill) => bill.version).join(', ');
    return problem(`kube_tag ${version} has no bill of materials; there is one of ${known || 'no version'}`);
  }
  if (compareVersions(version, before) < 0) return problem(`kube_tag ${version} is older than ${before}, which runs`);
  if (minorOf(version) - minorOf(before) > 1) {
    return problem(`kube_tag ${version} is more than one minor version above ${before}, which runs: go one by one`);
  }
  return [];
}

/** Groups that stay as they are must still be served by the new API. */
function lagProblems({ groups, labels, runningVersion }: UpgradeOrder, version: string): Problem[] {
  return groups
    .filter(({ isDefault }) => !isDefault)
    .map(({ name, labels: own }) => ({
      name,
      runs: own.kube_tag ?? groupVersion(groups, own, labels) ?? runningVersion,
    }))
    .filter(({ runs }) => runs !== undefined && minorOf(version) - minorOf(runs) > maxLag(version))
    .map(({ name, runs }) => ({
      field: FIELD,
      message: `nodegroup ${name} is at ${runs}, too old for masters of ${version}: upgrade it first`,
    }));
}
