import {
  ACCOUNT_PASSWORD,
  ACCOUNT_PASSWORD_BYTES,
  accountDescription,
  accountName,
  passwordPurpose,
} from '../../common/cluster-account.js';
import { cloudResources, TOMBSTONE_CHECKS_MS } from '../../common/db/cloud-resources.js';
import type { Cluster } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { secrets } from '../../common/db/secrets.js';
import { errorText, ServiceError } from '../../common/errors.js';
import { reason, reasonSentence } from '../../common/reasons.js';
import type { Api } from '../deps.js';
import type { Identity } from '../identity.js';

/** What a cluster's row says of its account. */
export type AccountColumns = Pick<Cluster, 'accountKind' | 'accountRoles' | 'accountUserId' | 'trustId'>;

export interface OrderedAccount {
  columns: AccountColumns;
  /** What else of it belongs into the transaction that makes the cluster. */
  record(trx: Query): Promise<void>;
}

/** As `[trust] account_kind` says. Of kind `user` the conductor makes everything. */
export async function orderAccount(
  api: Api,
  who: Identity,
  cluster: Pick<Cluster, 'uuid' | 'projectId'>,
  accountRoles: string[],
): Promise<OrderedAccount> {
  const accountKind = api.config.trust.accountKind;
  if (accountKind === 'trust') return makeTrustedAccount(api, who, cluster, accountRoles);
  const columns = { accountKind, accountRoles, accountUserId: undefined, trustId: undefined };
  return { columns, record: async () => {} };
}

/** @throws ServiceError `forbidden`, before anything is made, for a token that can make no such trust. */
export function refuseUntrusting(api: Api, who: Identity): void {
  const { accountKind, roles } = api.config.trust;
  if (accountKind !== 'trust') return;
  const cannot = 'Here a cluster works under a trust of its creator, and';
  if (who.known.applicationCredential) {
    throw refusal('trust_needs_password', `${cannot} Keystone lets no application credential make one`);
  }
  const missing = roles.filter((wanted) => !who.roles.some(({ name }) => name === wanted));
  if (missing.length === 0) return;
  throw refusal('trust_role_missing', `${cannot} you lack the role ${missing.join(', ')} on this project`);
}

function refusal(code: 'trust_needs_password' | 'trust_role_missing', message: string): ServiceError {
  return new ServiceError('forbidden', reasonSentence(reason(code, message)), { code });
}

/**
 * The name goes into the inventory first, in a transaction of its own and as a tombstone, which the cluster's own
 * transaction brings to life. Where that never comes, because this process dies or the database refuses, the
 * conductor's look at tombstones removes the user within the hour, and Keystone the trust with it: nothing else need
 * know of trusts without a cluster. After a commit that failed nothing is removed here, since it may have
 * succeeded and only its answer be lost.
 */
async function makeTrustedAccount(
  api: Api,
  who: Identity,
  cluster: Pick<Cluster, 'uuid' | 'projectId'>,
  accountRoles: string[],
): Promise<OrderedAccount> {
  const name = accountName(cluster);
  const tombstone = { clusterId: cluster.uuid, service: 'identity', type: 'user', name };
  await writeTombstone(api, cluster.projectId, tombstone);
  const password = api.ids.secret(ACCOUNT_PASSWORD_BYTES);
  const domainId = (await api.findTrusteeDomain()) ?? '';
  const description = accountDescription(cluster.uuid);
  const accountUserId = await api.trusts.makeUser({ domainId, name, password, description });
  const trust = { trusteeUserId: accountUserId, projectId: cluster.projectId, roleIds: accountRoles };
  const trustId = await api.trusts.makeTrust(who, trust);
  if (trustId === undefined) {
    await api.trusts.removeUser(accountUserId).catch((error: unknown) => {
      api.log.warn({ reason: errorText(error) }, 'Account without a trust not removed; its tombstone will see to it');
    });
    throw refusal('trust_needs_password', 'Keystone refused the trust under which the cluster would work');
  }
  return {
    columns: { accountKind: 'trust', accountRoles, accountUserId, trustId },
    async record(trx) {
      const createdAt = api.clock.now();
      const present = { state: 'present', checkAt: undefined, updatedAt: createdAt } as const;
      const brought = await cloudResources.update(trx, tombstone, { ...present, cloudId: accountUserId });
      if (brought !== 1) throw new ServiceError('unavailable', 'The request took too long: try again.');
      await cloudResources.insert(trx, {
        ...tombstone,
        ...present,
        uuid: api.ids.uuid(),
        type: 'trust',
        projectId: cluster.projectId,
        cloudId: trustId,
        details: {},
        createdAt,
      });
      const sealed = api.sealer.seal(passwordPurpose(cluster.uuid), password);
      const key = { owner: cluster.uuid, name: ACCOUNT_PASSWORD };
      await secrets.insert(trx, { ...key, sealed, readableBy: [], writableBy: [], createdAt });
    },
  };
}

async function writeTombstone(
  api: Api,
  projectId: string,
  key: { clusterId: string; service: string; type: string; name: string },
): Promise<void> {
  const createdAt = api.clock.now();
  await api.db.transaction('account tombstone', (trx) =>
    cloudResources.insert(trx, {
      ...key,
      uuid: api.ids.uuid(),
      projectId,
      state: 'gone',
      details: {},
      checkAt: createdAt + TOMBSTONE_CHECKS_MS[0],
      createdAt,
    }),
  );
}
