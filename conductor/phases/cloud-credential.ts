import { nodeTasks } from '../../common/db/node-tasks.js';
import {
  cloudUseOf,
  credentialName,
  isRefused,
  listCredentials,
  makeCredential,
  readCredential,
  removeCredential,
} from '../credential/credential.js';
import { done, type Phase } from '../phase.js';
import type { Work } from '../work.js';
import { hasWorkingAccount } from './delete.js';
import { runTasks } from './node-tasks.js';

const FIRST_GENERATION = 1;
/** How long a master has to take up a new one before the operation ends without it. */
const TELL_LIMIT_MS = 600_000;

/** Before any master asks for it. */
export const cloudCredential: Phase = {
  name: 'cloud_credential',
  async run(work) {
    const use = cloudUseOf(work);
    if (use === undefined || (await readCredential(work)) !== undefined) return done;
    return makeCredential(work, use, FIRST_GENERATION);
  },
};

/** At half of its life it gets a successor. */
export const renewCredential: Phase = {
  name: 'renew_credential',
  async run(work) {
    const [use, known] = [cloudUseOf(work), await readCredential(work)];
    if (use === undefined || known === undefined) return done;
    const isDue = work.now() - known.madeAt >= work.deps.settings.credential.lifeMs / 2;
    return isDue ? makeCredential(work, use, known.credential.generation + 1) : done;
  },
};

export const tellCredential: Phase = {
  name: 'tell_credential',
  async run(work) {
    if ((await listCredentials(work)).length < 2) return done;
    const tasks = work.driver.tasks.renewCredential?.(await work.spec(), await work.nodes()) ?? [];
    return runTasks(work, TELL_LIMIT_MS, tasks);
  },
};

/** The old one goes when a master has the new one; else its own end does it. */
export const retireCredentials: Phase = {
  name: 'retire_credentials',
  async run(work) {
    const known = await readCredential(work);
    if (known === undefined) return done;
    const current = credentialName(work, known.credential.generation);
    const old = (await listCredentials(work)).filter(({ name }) => name !== current);
    const isTold = await hasTold(work, known.madeAt);
    for (const each of old) {
      if (isTold || work.now() - each.createdAt >= work.deps.settings.credential.lifeMs) {
        await removeCredential(work, each);
      }
    }
    return done;
  },
};

async function hasTold(work: Work, madeAt: number): Promise<boolean> {
  const done = await work.deps.db.read('credential tasks', (query) =>
    nodeTasks.list(query, { clusterId: work.cluster.uuid, name: 'cloud-credential', state: 'succeeded' }),
  );
  return done.some(({ createdAt }) => createdAt >= madeAt);
}

/** First of a delete: what still runs in the cluster makes nothing more. A broken account takes them with it at the end. */
export const revokeCredentials: Phase = {
  name: 'revoke_credentials',
  async run(work) {
    const standing = await listCredentials(work);
    if (standing.length === 0 || !(await hasWorkingAccount(work))) return done;
    try {
      for (const each of standing) await removeCredential(work, each);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
    return done;
  },
};
