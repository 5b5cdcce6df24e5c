import type { Query } from '../../common/db/database.js';
import { type Federation, federations } from '../../common/db/federations.js';
import type { Scope } from '../../common/db/scope.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { type Patch, patched } from '../json-patch.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { parse } from '../validation.js';
import { changeableBody, clusterIdOf, membershipOf, notCarriedOut } from './federation-order.js';
import { federationNotFound } from './find-federation.js';

const MEMBERS = '/member_ids';
const FIXED = ['name', 'hostcluster_id', 'status', 'status_reason'];

/** Only members and properties change. Members may come and go at the same time, so the patch is applied to what is there when it is written. */
export async function patchFederation(
  api: Api,
  request: ApiRequest<undefined, Patch>,
  { uuid }: Federation,
): Promise<ApiResponse> {
  const { scope, body: patch, signal } = request;
  signal.throwIfAborted();
  await api.db.transaction('federation-patch', async (trx) => {
    await federations.rows(trx).where({ uuid }).forUpdate().first('id');
    const federation = await federations.find(trx, { uuid });
    if (federation === undefined) throw federationNotFound(uuid);
    const document = { member_ids: federation.memberIds, properties: federation.properties };
    const rewritten = await joinsAndLeaves(scope, trx, federation, patch);
    const body = parse(changeableBody, patched(document, rewritten, { fixed: FIXED }));
    const membership = await membershipOf(scope, trx, body, federation.memberIds);
    const changes = { ...membership, ...notCarriedOut('UPDATE_FAILED'), updatedAt: api.clock.now() };
    await federations.update(trx, { uuid }, changes);
  });
  return { status: 202, body: { uuid } };
}

/** Upstream's way of saying that one cluster comes or goes: with its value, and made a replace of the whole list. */
async function joinsAndLeaves(
  scope: Scope,
  query: Query,
  { name, memberIds }: Federation,
  patch: Patch,
): Promise<Patch> {
  let members = memberIds;
  const rewritten: Patch = [];
  for (const operation of patch) {
    const { op, path, value } = operation;
    if (path !== MEMBERS || op === 'replace' || typeof value !== 'string') {
      rewritten.push(operation);
      continue;
    }
    const uuid = members.includes(value) ? value : ((await clusterIdOf(scope, query, value)) ?? value);
    const isMember = members.includes(uuid);
    if (op === 'add' && isMember) {
      const message = `Cluster ${uuid} is a member of federation ${name} already.`;
      throw new ServiceError('conflict', message, { code: 'federation_member', field: MEMBERS });
    }
    if (op === 'remove' && !isMember) {
      const message = `Cluster ${uuid} is no member of federation ${name}.`;
      throw new ServiceError('not_found', message, { code: 'federation_member_not_found', field: MEMBERS });
    }
    members = op === 'add' ? [...members, uuid] : members.filter((member) => member !== uuid);
    rewritten.push({ op: 'replace', path: MEMBERS, value: JSON.stringify(members) });
  }
  return rewritten;
}
