import { z } from 'zod';
import type { Diagnostic } from '../../common/db/diagnostics.js';
import { timeText, uuidText } from '../answers.js';
import { isoTime } from '../view-values.js';

const textOrNull = z.string().nullable();
const timeOrNull = timeText.nullable();

export const diagnosticAnswer = z.strictObject({
  uuid: uuidText,
  cluster_uuid: uuidText,
  user_id: textOrNull,
  operation_uuid: uuidText.nullable(),
  cause: z.enum(['request', 'create_failed']),
  state: z.enum(['queued', 'collecting', 'ready', 'failed']),
  findings: z.array(
    z.strictObject({
      node: z.string(),
      step: textOrNull,
      source: z.enum(['task', 'ssh', 'console']).nullable(),
      problems: z.array(z.string()),
    }),
  ),
  size_bytes: z.int().nullable(),
  sha256: textOrNull,
  created_at: timeText,
  finished_at: timeOrNull,
  expires_at: timeOrNull,
});

export function diagnosticView(diagnostic: Diagnostic) {
  const { findings, sizeBytes, createdAt, finishedAt, expiresAt } = diagnostic;
  return {
    uuid: diagnostic.uuid,
    cluster_uuid: diagnostic.clusterId,
    user_id: diagnostic.userId ?? null,
    operation_uuid: diagnostic.operationId ?? null,
    cause: diagnostic.cause,
    state: diagnostic.state,
    findings: findings.map(({ name, step, source, problems }) => ({
      node: name,
      step: step ?? null,
      source: source ?? null,
      problems,
    })),
    size_bytes: sizeBytes ?? null,
    sha256: diagnostic.sha256 ?? null,
    created_at: isoTime(createdAt),
    finished_at: isoTime(finishedAt),
    expires_at: isoTime(expiresAt),
  };
}
