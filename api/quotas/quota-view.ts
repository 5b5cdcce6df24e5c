import { z } from 'zod';
import type { Quota } from '../../common/db/quotas.js';
import { timeText } from '../answers.js';
import { isoTime } from '../view-values.js';

export const quotaAnswer = z.strictObject({
  id: z.int(),
  project_id: z.string(),
  resource: z.string(),
  hard_limit: z.int(),
  created_at: timeText,
  updated_at: timeText.nullable(),
});

/** What the configuration says where no quota is stored: without id and times, as upstream. */
export const defaultQuotaAnswer = quotaAnswer.pick({ project_id: true, resource: true, hard_limit: true });

export function quotaView(quota: Quota): z.output<typeof quotaAnswer> {
  return {
    id: quota.id,
    project_id: quota.projectId,
    resource: quota.resource,
    hard_limit: quota.hardLimit,
    created_at: isoTime(quota.createdAt) ?? '',
    updated_at: isoTime(quota.updatedAt),
  };
}
