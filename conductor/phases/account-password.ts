import {
  ACCOUNT_PASSWORD,
  ACCOUNT_PASSWORD_BYTES,
  accountName,
  NEXT_ACCOUNT_PASSWORD,
  passwordPurpose,
} from '../../common/cluster-account.js';
import { clusters } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { secrets } from '../../common/db/secrets.js';
import { reason } from '../../common/reasons.js';
import { findUserByName, setPassword } from '../../openstack/identity/users.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';

/** Keystone ends the tokens of up to the second of the change, by its clock; one fetched at once may be among them. */
const TOKENS_END_MS = 2000;
const REFUSED_AGAIN_MS = 15_000;

/**
 * Written down before Keystone hears of it. From here on `Accounts` logs in with the one that Keystone takes, so a crash
 * at any point shuts nobody out. One that an earlier rotation has left was told to nobody, and serves.
 */
export const preparePassword: Phase = {
  name: 'prepare_password',
  async run(work) {
    const { sealer, ids } = work.deps;
    const owner = work.cluster.uuid;
    await work.fenced('next account password', async (trx) => {
      const current = await secrets.find(trx, { owner, name: ACCOUNT_PASSWORD });
      const next = await secrets.find(trx, { owner, name: NEXT_ACCOUNT_PASSWORD });
      if (current === undefined || next !== undefined || isOfThisOperation(work, current.updatedAt)) return;
      const sealed = sealer.seal(passwordPurpose(owner), ids.secret(ACCOUNT_PASSWORD_BYTES));
      const closed = { readableBy: [], writableBy: [], createdAt: work.now() };
      await secrets.insert(trx, { owner, name: NEXT_ACCOUNT_PASSWORD, sealed, ...closed });
      await countGeneration(trx, owner);
    });
    return done;
  },
};

/** Changed, tried, and only then put in the place of the old one. */
export const changePassword: Phase = {
  name: 'change_password',
  async run(work) {
    const { accounts, db, sealer } = work.deps;
    const owner = work.cluster.uuid;
    const next = await db.read('next account password', (query) =>
      secrets.find(query, { owner, name: NEXT_ACCOUNT_PASSWORD }),
    );
    if (next?.sealed === undefined) return done;
    const password = sealer.open(passwordPurpose(owner), next.sealed);
    const named = { domainId: await accounts.domainId(work.ctx), name: accountName(work.cluster) };
    const user = await findUserByName(accounts.domainAdmin, work.ctx, named);
    // Without its user there is nothing to change: whoever makes it anew gives it this one.
    if (user === undefined) {
      await promote(work, next.sealed);
      return done;
    }
    await setPassword(accounts.domainAdmin, work.ctx, user.id, password);
    accounts.forget(owner);
    if (!(await accounts.takes(work.cluster, password))) return refused(named.name);
    await promote(work, next.sealed);
    return { kind: 'wait', afterMs: TOKENS_END_MS, waitingFor: 'the end of older tokens' };
  },
};

function isOfThisOperation({ operation }: Work, changedAt: number | undefined): boolean {
  return operation.startedAt !== undefined && changedAt !== undefined && changedAt >= operation.startedAt;
}

async function promote(work: Work, sealed: string): Promise<void> {
  const owner = work.cluster.uuid;
  await work.fenced('account password', async (trx) => {
    await secrets.update(trx, { owner, name: ACCOUNT_PASSWORD }, { sealed, updatedAt: work.now() });
    await secrets.delete(trx, { owner, name: NEXT_ACCOUNT_PASSWORD });
    await countGeneration(trx, owner);
    await work.event(trx, 'account_password_changed', "The cluster's account has another password.");
  });
  work.deps.accounts.forget(owner);
}

async function countGeneration(trx: Query, uuid: string): Promise<void> {
  await clusters.rows(trx).where({ uuid }).increment('account_generation', 1);
}

function refused(name: string): PhaseOutcome {
  const why = reason(
    'account_refused',
    `Keystone took a new password for the cluster's account ${name}, and refuses it`,
  );
  const waitingFor = "Keystone to take the account's new password";
  return { kind: 'wait', afterMs: REFUSED_AGAIN_MS, waitingFor, reason: why };
}
