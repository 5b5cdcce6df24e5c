import { z } from 'zod';
import { findClusters } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import type { Federation } from '../../common/db/federations.js';
import type { Scope } from '../../common/db/scope.js';
import { ServiceError } from '../../common/errors.js';
import { reason, reasonSentence } from '../../common/reasons.js';
import { labels, orElse, requiredText, textLike } from '../fields.js';
import { isUuid } from '../paging.js';
import { type Finding, refuse } from '../validation.js';

const MAX_MEMBERS = 1000;

/** Without it upstream takes no federation. */
const NEEDED_PROPERTY = 'dns-zone';

const memberIds = orElse(
  z.array(requiredText(), { error: 'must be a list of clusters' }).max(MAX_MEMBERS, `must be at most ${MAX_MEMBERS}`),
  [],
);

/** What a user may say of a federation in a POST. */
export const federationBody = z.strictObject({
  name: textLike(/^[a-zA-Z][a-zA-Z0-9_.-]*$/, 'a letter, then letters, digits, "_", "." or "-"', 242),
  hostcluster_id: requiredText(),
  member_ids: memberIds,
  properties: labels(),
});

/** What a patch may change. */
export const changeableBody = z.strictObject({ member_ids: memberIds, properties: labels() });

export type Membership = Pick<Federation, 'memberIds' | 'properties'>;

/**
 * By uuid or name, as the caller sees them; those that are members `already` may be gone.
 * @throws ServiceError `invalid` with all that is wrong; `ambiguous`
 */
export async function membershipOf(
  scope: Scope,
  query: Query,
  body: z.output<typeof changeableBody>,
  already: readonly string[] = [],
): Promise<Membership> {
  const findings: Finding[] = [];
  const found: string[] = [];
  for (const ident of body.member_ids) {
    const uuid = already.includes(ident) ? ident : await clusterIdOf(scope, query, ident);
    if (uuid === undefined) findings.push({ field: 'member_ids', message: `cluster ${ident} could not be found` });
    else if (found.includes(uuid)) findings.push({ field: 'member_ids', message: `cluster ${ident} is there twice` });
    else found.push(uuid);
  }
  const given = body.properties ?? {};
  if ((given[NEEDED_PROPERTY] ?? '') === '') {
    findings.push({ field: 'properties', message: `must have "${NEEDED_PROPERTY}"` });
  }
  refuse(findings);
  return { memberIds: found, properties: given };
}

/** @throws ServiceError `invalid`: an unknown cluster in a body is a 400; `ambiguous`. */
export async function hostclusterOf(scope: Scope, query: Query, ident: string): Promise<string> {
  const uuid = await clusterIdOf(scope, query, ident);
  if (uuid !== undefined) return uuid;
  throw new ServiceError('invalid', `Cluster ${ident} could not be found.`, {
    code: 'cluster_not_found',
    field: 'hostcluster_id',
  });
}

/** @throws ServiceError `ambiguous` */
export async function clusterIdOf(scope: Scope, query: Query, ident: string): Promise<string | undefined> {
  const [cluster, another] = await findClusters(scope, query, isUuid(ident) ? { uuid: ident } : { name: ident });
  if (another !== undefined) throw new ServiceError('ambiguous', `Several clusters are named ${ident}; use the uuid.`);
  return cluster?.uuid;
}

/** Upstream answers that it has begun, and its conductor has no code for it. Here that shows. */
export function notCarriedOut(status: Federation['status']): Pick<Federation, 'status' | 'statusReason'> {
  const why = reason('federation_unsupported', 'the federation is written down, and nothing joins its clusters');
  return { status, statusReason: reasonSentence(why) };
}
