import { z } from 'zod';
import type { Federation } from '../../common/db/federations.js';
import { labelMap, linkList, timeText, uuidText } from '../answers.js';
import { isoTime, links } from '../view-values.js';

export const federationSummaryAnswer = z.strictObject({
  uuid: uuidText,
  name: z.string(),
  hostcluster_id: z.string(),
  member_ids: z.array(z.string()),
  status: z.string(),
  properties: labelMap,
  links: linkList,
});

export const federationAnswer = federationSummaryAnswer.extend({
  status_reason: z.string().nullable(),
  project_id: z.string(),
  created_at: timeText,
  updated_at: timeText.nullable(),
});

export function federationSummary(federation: Federation, baseUrl: string) {
  return {
    uuid: federation.uuid,
    name: federation.name,
    hostcluster_id: federation.hostclusterId,
    member_ids: federation.memberIds,
    status: federation.status,
    properties: federation.properties,
    links: links(baseUrl, `federations/${federation.uuid}`),
  };
}

export function federationView(federation: Federation, baseUrl: string) {
  return {
    ...federationSummary(federation, baseUrl),
    status_reason: federation.statusReason ?? null,
    project_id: federation.projectId,
    created_at: isoTime(federation.createdAt),
    updated_at: isoTime(federation.updatedAt),
  };
}
