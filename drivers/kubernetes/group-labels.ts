import { compareVersions, versionSchema } from '../bill.js';
import type { GroupLabelsOrder, Problem } from '../driver.js';
import { groupLabelProblems } from '../labels.js';
import { kubernetesLabels } from './labels.js';
import { groupVersion, maxLag, minorOf } from './versions.js';

/** What a new group may have of its own: labels that are of nodes, and a version that the masters serve. */
export function ownLabelProblems({ labels, clusterLabels, groups }: GroupLabelsOrder): Problem[] {
  return [
    ...groupLabelProblems(kubernetesLabels, labels, clusterLabels),
    ...skewProblems(labels.kube_tag, clusterLabels.kube_tag, groupVersion(groups, {}, clusterLabels)),
  ];
}

/** What the cluster has is no word of the group's: while an upgrade is half-way its nodes go by the masters. */
function skewProblems(own: string | undefined, ofCluster: string | undefined, masters: string | undefined): Problem[] {
  if (own === ofCluster || masters === undefined || !versionSchema.safeParse(own).success || own === undefined)
    return [];
  const field = 'labels.kube_tag';
  if (compareVersions(own, masters) > 0) {
    return [{ field, message: `${own} is newer than the masters, which run ${masters}: that is the highest` }];
  }
  const lag = maxLag(masters);
  if (minorOf(masters) - minorOf(own) <= lag) return [];
  const lowest = `v1.${minorOf(masters) - lag}`;
  return [{ field, message: `${own} is too old for masters of ${masters}: from ${lowest} to ${masters} they serve` }];
}
