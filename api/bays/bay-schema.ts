import { z } from 'zod';
import type { ClusterBody } from '../clusters/cluster-order.js';
import { flag, integer, labels, requiredText, text, textLike } from '../fields.js';

/** What a user may say of a new bay: a cluster under its names of 2015, with what Newton and later added. */
export const bayBody = z.strictObject({
  name: textLike(/^[a-zA-Z][a-zA-Z0-9_.-]*$/, 'a letter, then letters, digits, "_", "." or "-"', 242),
  baymodel_id: requiredText(),
  node_count: integer(1),
  master_count: integer(1),
  bay_create_timeout: integer(0),
  discovery_url: text(),
  docker_volume_size: integer(1),
  labels: labels(),
  flavor_id: text(),
  master_flavor_id: text(),
  fixed_network: text(),
  fixed_subnet: text(),
  floating_ip_enabled: flag(),
  master_lb_enabled: flag(),
});

export type BayBody = z.output<typeof bayBody>;

/** The same order in a cluster's words. The keypair is the baymodel's. */
export function clusterBodyOf(body: BayBody, name: string): ClusterBody {
  const { baymodel_id, bay_create_timeout, ...shared } = body;
  return {
    ...shared,
    name,
    cluster_template_id: baymodel_id,
    create_timeout: bay_create_timeout,
    keypair: undefined,
    merge_labels: undefined,
  };
}
