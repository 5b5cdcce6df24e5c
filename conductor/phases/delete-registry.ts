import { reason } from '../../common/reasons.js';
import { isConflict, isNotFound, isStatus } from '../../openstack/errors.js';
import { findProject } from '../../openstack/identity/projects.js';
import { deleteContainer, deleteObject, listObjects } from '../../openstack/object-storage/containers.js';
import type { StackAccess } from '../heat/stack-observer.js';
import { listInventory, markGone } from '../inventory.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import { containerResource, listUsers } from '../registry/login.js';
import type { Work } from '../work.js';
import { account } from './account.js';
import { hasWorkingAccount } from './delete.js';
import { removeRegistryUser } from './registry.js';

/** Objects deleted in one look; the rest follows in the next ones. */
const PAGE = 500;
const SIDE_BY_SIDE = 10;

/** The container with all images in it, then the users that its ACL names. After the nodes: they write to it. */
export const deleteRegistry: Phase = {
  name: 'delete_registry',
  async run(work) {
    const isStanding = (await listInventory(work)).some(({ type, state }) => type === 'container' && state !== 'gone');
    const outcome = isStanding ? await removeContainer(work) : done;
    if (outcome.kind !== 'done') return outcome;
    for (const { name } of await listUsers(work)) await removeRegistryUser(work, name);
    return done;
  },
};

async function removeContainer(work: Work): Promise<PhaseOutcome> {
  const resource = containerResource(work);
  const { name } = resource;
  try {
    if (await emptyAndDelete(work, await containerAccess(work), name)) {
      await markGone(work, resource);
      return done;
    }
  } catch (error) {
    if (!isStatus(error, 403)) throw error;
    return refused(work, name);
  }
  return {
    kind: 'wait',
    afterMs: work.deps.settings.pollMs,
    waitingFor: `container ${name} to be empty`,
    onTimeout: reason('delete_unverified', `container ${name} still holds objects`, { resource: `container ${name}` }),
  };
}

type ContainerAccess = Pick<StackAccess, 'session' | 'projectId'>;

/** Whether it is gone. A list may still show what was deleted, or not yet what was written: then another look is due. */
async function emptyAndDelete(work: Work, { session, projectId }: ContainerAccess, container: string) {
  try {
    const names = await listObjects(session, work.ctx, { container, limit: PAGE, projectId });
    for (let start = 0; start < names.length; start += SIDE_BY_SIDE) {
      const some = names.slice(start, start + SIDE_BY_SIDE);
      await Promise.all(some.map((name) => deleteObject(session, work.ctx, { container, name, projectId })));
    }
    if (names.length === PAGE) return false;
    await deleteContainer(session, work.ctx, { name: container, projectId });
    return true;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (isConflict(error)) return false;
    throw error;
  }
}

/** The account, mended if somebody broke it; else the service user, if Swift lets it into other projects. */
async function containerAccess(work: Work): Promise<ContainerAccess> {
  if (!(await hasWorkingAccount(work))) await mendAccount(work);
  if (await hasWorkingAccount(work)) return { session: await work.account() };
  return { session: work.deps.accounts.service, projectId: work.cluster.projectId };
}

async function mendAccount(work: Work): Promise<void> {
  work.deps.accounts.forget(work.cluster.uuid);
  try {
    await account.run(work);
  } catch (error) {
    if (!isStatus(error, 401, 403, 404)) throw error;
  }
}

/** Nobody may delete the containers of a project that is gone, and nobody sees them: waiting would be for ever. */
async function refused(work: Work, name: string): Promise<PhaseOutcome> {
  const project = await findProject(work.deps.accounts.service, work.ctx, work.cluster.projectId);
  if (project !== undefined) {
    const message = `the cluster's account is broken, and Swift refuses container ${name} to the service user`;
    return { kind: 'blocked', reason: reason('container_unreachable', message, { resource: `container ${name}` }) };
  }
  await markGone(work, containerResource(work));
  const message = `Container ${name} may still be in Swift: its project is gone, and the service user may not delete it`;
  await work.fenced('container left', (trx) => work.event(trx, 'container_left', message));
  return done;
}
