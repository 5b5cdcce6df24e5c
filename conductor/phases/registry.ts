import { nodeTasks } from '../../common/db/node-tasks.js';
import type { Node } from '../../common/db/nodes.js';
import { done, type Phase } from '../phase.js';
import { admitUsers, listUsers, makeLogin, readLogin, registryUser, userName } from '../registry/login.js';
import { removeTrusteeUser } from '../trustee-users.js';
import type { Work } from '../work.js';
import { runTasks } from './node-tasks.js';

const FIRST_GENERATION = 1;
/** How long nodes have to take up a new login before the operation ends without them. */
const TELL_LIMIT_MS = 600_000;

/** The container that all registries of the cluster share, and what they log in with, before any node asks for it. */
export const registry: Phase = {
  name: 'registry',
  async run(work) {
    if (!work.template.registryEnabled) return done;
    if ((await readLogin(work)) === undefined) await makeLogin(work, FIRST_GENERATION);
    else await admitUsers(work);
    return done;
  },
};

/** At half of its life a login gets a successor. */
export const renewLogin: Phase = {
  name: 'renew_login',
  async run(work) {
    const known = await readLogin(work);
    const due = known !== undefined && work.now() - known.madeAt >= work.deps.settings.registry.loginMs / 2;
    if (due) await makeLogin(work, known.login.generation + 1);
    return done;
  },
};

/** Nodes that read a login before this one was made read it again. */
export const tellRegistries: Phase = {
  name: 'tell_registries',
  async run(work) {
    const known = await readLogin(work);
    if (known === undefined || (await listUsers(work)).length < 2) return done;
    const older = await olderNodes(work, known.madeAt);
    return runTasks(work, TELL_LIMIT_MS, work.driver.tasks.renewRegistry?.(older) ?? []);
  },
};

/** An old login goes when no node needs it, or when its time is over. Else it is looked at in some hours. */
export const retireLogins: Phase = {
  name: 'retire_logins',
  async run(work) {
    const known = await readLogin(work);
    if (known === undefined) return done;
    const current = userName(work, known.login.generation);
    const old = (await listUsers(work)).filter(({ name }) => name !== current);
    if (old.length === 0) return done;
    const unused = await allHaveIt(work, known.madeAt);
    const expired = old.filter(
      ({ createdAt }) => unused || work.now() - createdAt >= work.deps.settings.registry.loginMs,
    );
    const names = expired.map(({ name }) => name);
    if (names.length === 0) return done;
    await admitUsers(work, names);
    for (const name of names) await removeTrusteeUser(work, registryUser(name));
    return done;
  },
};

async function olderNodes(work: Work, madeAt: number): Promise<Node[]> {
  return (await work.nodes()).filter(
    ({ state, enrolledAt }) => state === 'wanted' && enrolledAt !== undefined && enrolledAt <= madeAt,
  );
}

async function allHaveIt(work: Work, madeAt: number): Promise<boolean> {
  const tasks = await work.deps.db.read('registry tasks', (query) =>
    nodeTasks.list(query, { clusterId: work.cluster.uuid, name: 'registry', state: 'succeeded' }),
  );
  const told = new Set(tasks.filter(({ createdAt }) => createdAt >= madeAt).map(({ nodeId }) => nodeId));
  return (await olderNodes(work, madeAt)).every(({ uuid }) => told.has(uuid));
}
