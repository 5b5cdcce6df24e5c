import type { CloudResource } from '../../common/db/cloud-resources.js';
import { isServiceError } from '../../common/errors.js';
import { reason } from '../../common/reasons.js';
import { isConflict, isNotFound, isStatus } from '../../openstack/errors.js';
import { findProject } from '../../openstack/identity/projects.js';
import { deleteContainer, deleteObject, listObjects } from '../../openstack/object-storage/containers.js';
import { explainError } from '../explain.js';
import type { StackAccess } from '../heat/stack-observer.js';
import { listInventory, markGone } from '../inventory.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import { containerResource, listUsers, registryUser } from '../registry/login.js';
import { removeTrusteeUser } from '../trustee-users.js';
import type { Work } from '../work.js';
import { account } from './account.js';
import { hasWorkingAccount } from './delete.js';

/** Objects deleted in one look; the rest follows in the next ones. */
const PAGE = 500;
const SIDE_BY_SIDE = 10;

/** The container with all images in it, then the users that its ACL names. After the nodes: they write to it. */
export const deleteRegistry: Phase = {
  name: 'delete_registry',
  async run(work) {
    const standing = (await listInventory(work)).find(({ type, state }) => type === 'container' && state !== 'gone');
    const outcome = standing === undefined ? done : await removeContainer(work, standing);
    if (outcome.kind !== 'done') return outcome;
    for (const { name } of await listUsers(work)) await removeTrusteeUser(work, registryUser(name));
    return done;
  },
};

async function removeContainer(work: Work, { name, state }: CloudResource): Promise<PhaseOutcome> {
  const hasAccount = await hasMendedAccount(work);
  try {
    if (await emptyAndDeleteByAnyone(work, hasAccount, name)) {
      await markGone(work, containerResource(work));
      return done;
    }
  } catch (error) {
    // Who may not look now was most likely refused when it was to be made, too: nobody could ever delete the cluster.
    if (hasAccount && state === 'intended' && (isStatus(error, 403) || isEndpointMissing(error))) {
      const said = explainError(error).reason.message;
      return leave(work, `Container ${name} may be in Swift, which never confirmed it: ${said}`);
    }
    if (!isStatus(error, 403)) throw error;
    return refused(work, hasAccount, name);
  }
  return {
    kind: 'wait',
    afterMs: work.deps.settings.pollMs,
    waitingFor: `container ${name} to be empty`,
    onTimeout: reason('delete_unverified', `container ${name} still holds objects`, { resource: `container ${name}` }),
  };
}

type ContainerAccess = Pick<StackAccess, 'session' | 'projectId'>;

/** The service user where the account is broken or refused, if Swift lets it into other projects. */
async function emptyAndDeleteByAnyone(work: Work, hasAccount: boolean, container: string): Promise<boolean> {
  if (hasAccount) {
    try {
      return await emptyAndDelete(work, { session: await work.account() }, container);
    } catch (error) {
      if (!isStatus(error, 403)) throw error;
    }
  }
  return emptyAndDelete(work, { session: work.deps.accounts.service, projectId: work.cluster.projectId }, container);
}

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

/** Whether the account works, mended if somebody broke it. */
async function hasMendedAccount(work: Work): Promise<boolean> {
  if (await hasWorkingAccount(work)) return true;
  await mendAccount(work);
  return hasWorkingAccount(work);
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
async function refused(work: Work, hasAccount: boolean, name: string): Promise<PhaseOutcome> {
  const project = await findProject(work.deps.accounts.service, work.ctx, work.cluster.projectId);
  if (project !== undefined) {
    const message = hasAccount
      ? `Swift refuses container ${name} to the cluster's account and to the service user`
      : `the cluster's account is broken, and Swift refuses container ${name} to the service user`;
    return { kind: 'blocked', reason: reason('container_unreachable', message, { resource: `container ${name}` }) };
  }
  const why = 'its project is gone, and the service user may not delete it';
  return leave(work, `Container ${name} may still be in Swift: ${why}`);
}

async function leave(work: Work, message: string): Promise<PhaseOutcome> {
  await markGone(work, containerResource(work));
  await work.fenced('container left', (trx) => work.event(trx, 'container_left', message));
  return done;
}

function isEndpointMissing(error: unknown): boolean {
  return isServiceError(error, 'unavailable') && error.code === 'endpoint_missing';
}
