import { Table } from './table.js';

/**
 * `intended`: its name is written down, it may or may not exist. `present`: seen in the cloud.
 * `gone`: a tombstone, looked for again at `checkAt` because a call under way when its caller died may still land.
 */
export type CloudResourceState = 'intended' | 'present' | 'gone';

/** When a tombstone is looked for: the first time, and the last. */
export const TOMBSTONE_CHECKS_MS = [3_600_000, 86_400_000] as const;

/** The inventory: everything that Bayou makes in the cloud, written down before it is made. */
export interface CloudResource {
  id: number;
  uuid: string;
  clusterId: string;
  projectId: string;
  /** `identity`, `compute`, `orchestration`, … */
  service: string;
  /** `user`, `keypair`, `stack`, … */
  type: string;
  /** Deterministic, so that it can be found without its id. */
  name: string;
  cloudId: string | undefined;
  state: CloudResourceState;
  details: Record<string, string>;
  checkAt: number | undefined;
  createdAt: number;
  updatedAt: number | undefined;
}

export const cloudResources = new Table<CloudResource>('cloud_resources', {
  id: 'number',
  uuid: 'text',
  clusterId: 'text',
  projectId: 'text',
  service: 'text',
  type: 'text',
  name: 'text',
  cloudId: 'text',
  state: 'text',
  details: 'json',
  checkAt: 'number',
  createdAt: 'number',
  updatedAt: 'number',
});
