import { z } from 'zod';
import type { ClusterTemplate } from '../../common/db/cluster-templates.js';
import type { ClusterOrder } from '../cluster-types.js';
import { flag, integer, labels, requiredText, text, textLike } from '../fields.js';

/** What a user may say of a new cluster. */
export const clusterBody = z.strictObject({
  name: textLike(/^[a-zA-Z][a-zA-Z0-9_.-]*$/, 'a letter, then letters, digits, "_", "." or "-"', 242),
  cluster_template_id: requiredText(),
  keypair: text(),
  node_count: integer(0),
  master_count: integer(1),
  create_timeout: integer(0),
  discovery_url: text(),
  docker_volume_size: integer(1),
  labels: labels(),
  merge_labels: flag(),
  flavor_id: text(),
  master_flavor_id: text(),
  fixed_network: text(),
  fixed_subnet: text(),
  floating_ip_enabled: flag(),
  master_lb_enabled: flag(),
});

export type ClusterBody = z.output<typeof clusterBody>;

/** The request with its template's values where it is silent. */
export function clusterOrder(body: ClusterBody, template: ClusterTemplate): ClusterOrder {
  return {
    masterCount: body.master_count ?? 1,
    nodeCount: body.node_count ?? 1,
    labels: mergedLabels(body, template),
    masterLbEnabled: body.master_lb_enabled ?? template.masterLbEnabled,
    floatingIpEnabled: body.floating_ip_enabled ?? template.floatingIpEnabled,
    dockerVolumeSize: body.docker_volume_size ?? template.dockerVolumeSize,
    flavorId: body.flavor_id ?? template.flavorId,
    masterFlavorId: body.master_flavor_id ?? template.masterFlavorId,
    fixedNetwork: body.fixed_network ?? template.fixedNetwork,
    fixedSubnet: body.fixed_subnet ?? template.fixedSubnet,
  };
}

/** Labels of the request take the place of the template's unless it asks to merge them. */
function mergedLabels(body: ClusterBody, template: ClusterTemplate): Record<string, string> {
  if (body.labels === undefined || Object.keys(body.labels).length === 0) return template.labels;
  return body.merge_labels === true ? { ...template.labels, ...body.labels } : body.labels;
}
