import type { NodeGroup } from '../common/db/node-groups.js';
import type { Problem } from './driver.js';

/** Of a driver whose clusters can be upgraded: what is asked, and what it comes to. */
export interface UpgradeOrder {
  /** Of the cluster. */
  labels: Readonly<Record<string, string>>;
  groups: readonly Pick<NodeGroup, 'uuid' | 'name' | 'role' | 'isDefault' | 'labels'>[];
  /** What its nodes said that they run, when it was last well. */
  runningVersion: string | undefined;
  /** Labels of the template that it is to follow. */
  wanted: Readonly<Record<string, string>>;
  /** A further group that follows the masters alone. Default: the cluster, which is its two default groups. */
  groupId?: string | undefined;
}

export interface UpgradePlan {
  problems: Problem[];
  /** Why the template can be none to upgrade to, whatever the cluster is. */
  unfit?: string;
  before: string;
  version: string;
  /** Labels that say the version; and the one before, for groups that leave it open. */
  labels: Record<string, string>;
  labelsBefore: Record<string, string>;
}
