import type { Cluster } from './db/clusters.js';

/** The cluster's own account, a user of the trustee domain: what the API and the conductor must agree on. */

/** `<cluster uuid>_<project id>`: upstream's name, from which the API reads an account's project. */
export function accountName(cluster: Pick<Cluster, 'uuid' | 'projectId'>): string {
  return `${cluster.uuid}_${cluster.projectId}`;
}

export function accountDescription(clusterId: string): string {
  return `Account of container cluster ${clusterId}, made by Bayou`;
}

/** Name of the secret. */
export const ACCOUNT_PASSWORD = 'account-password';

/** Name of the one that is taking its place; there only as long as Keystone may know either. */
export const NEXT_ACCOUNT_PASSWORD = 'account-password-next';

export const ACCOUNT_PASSWORD_BYTES = 32;

/** What it is sealed for. */
export function passwordPurpose(clusterId: string): string {
  return `${clusterId}/${ACCOUNT_PASSWORD}`;
}
