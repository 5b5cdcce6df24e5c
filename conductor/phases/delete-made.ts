import { events } from '../../common/db/events.js';
import { isServiceError } from '../../common/errors.js';
import { reason } from '../../common/reasons.js';
import type { CloudUse } from '../../drivers/driver.js';
import { deleteSnapshot, listSnapshots } from '../../openstack/block-storage/snapshots.js';
import { deleteVolume, listVolumes, type Volume } from '../../openstack/block-storage/volumes.js';
import { isStatus } from '../../openstack/errors.js';
import { deleteLoadBalancer, listLoadBalancers } from '../../openstack/load-balancing/load-balancers.js';
import { deleteFloatingIp, listFloatingIps } from '../../openstack/network/floating-ips.js';
import { cloudUseOf } from '../credential/credential.js';
import type { StackAccess } from '../heat/stack-observer.js';
import { listInventory } from '../inventory.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { stackAccess } from './delete.js';

/** One thing of the cloud that the orchestrator made. */
interface Made {
  /** `load balancer kube_service_…` */
  what: string;
  id: string;
}

/** Its parts in the cloud: who looks, and what for. */
interface Look {
  work: Work;
  access: StackAccess;
  projectId: string;
  use: CloudUse;
}

/**
 * What the orchestrator made by itself, once no server of the cluster is left to make more: before the network goes, that
 * load balancers stand in.
 */
export const deleteMade: Phase = { name: 'delete_made', run: removeMade };

/** Looked at once more when all is gone: a call of a server that went may have landed late. */
export const verifyMade: Phase = { name: 'verify_made', run: removeMade };

async function removeMade(work: Work): Promise<PhaseOutcome> {
  const use = cloudUseOf(work);
  // One that never had a credential has made nothing.
  if (use === undefined || !(await listInventory(work)).some(({ type }) => type === 'application_credential'))
    return done;
  const look: Look = { work, access: await stackAccess(work), projectId: work.cluster.projectId, use };
  const standing = [
    ...(await unlessAbsent(() => removeLoadBalancers(look))),
    ...(await removeFloatingIps(look)),
    ...(await unlessAbsent(() => removeVolumes(look))),
  ];
  if (standing.length === 0) return done;
  const names = standing.map(({ what }) => what).join(', ');
  return {
    kind: 'wait',
    afterMs: work.deps.settings.pollMs,
    waitingFor: `what the cluster made in the cloud: ${names}`,
    onTimeout: reason('delete_unverified', `what the cluster made is still in the cloud: ${names}`),
  };
}

/** A service that the catalog does not have has made nothing. */
async function unlessAbsent(remove: () => Promise<Made[]>): Promise<Made[]> {
  try {
    return await remove();
  } catch (error) {
    if (isServiceError(error, 'unavailable') && error.code === 'endpoint_missing') return [];
    throw error;
  }
}

/** With all that is in them. What was there, which the next look no longer finds. */
async function removeLoadBalancers({ work, access: { session }, projectId, use }: Look): Promise<Made[]> {
  const { loadBalancers: wanted } = use;
  if (wanted === undefined) return [];
  const all = await listLoadBalancers(session, work.ctx, { projectId });
  const own = all.filter((each) => each.projectId === projectId && each.name.startsWith(wanted.namePrefix));
  const made = own
    .filter(({ status }) => status !== 'DELETED')
    .map(({ id, name, status }) => ({ what: `load balancer ${name} (${id})`, id, status }));
  if (work.operation.params.keepLoadBalancers === true) return keep(work, made);
  for (const { status, ...each } of made) {
    if (status.startsWith('PENDING_')) continue;
    await attempt(work, each, () => deleteLoadBalancer(session, work.ctx, each.id));
  }
  return made;
}

/** Those that the cluster asked for itself, by their description. One that its owner brought along stays. */
async function removeFloatingIps({ work, access: { session }, projectId, use }: Look): Promise<Made[]> {
  const wanted = use.loadBalancers?.addressDescription;
  if (wanted === undefined) return [];
  const all = await listFloatingIps(session, work.ctx, { projectId });
  const own = all.filter((each) => each.projectId === projectId && wanted.test(each.description));
  const made = own.map(({ id, address }) => ({ what: `floating address ${address} (${id})`, id }));
  if (work.operation.params.keepLoadBalancers === true) return keep(work, made);
  for (const each of made) await attempt(work, each, () => deleteFloatingIp(session, work.ctx, each.id));
  return made;
}

/** Snapshots first: a volume that has any can't go. */
async function removeVolumes({ work, access, projectId, use }: Look): Promise<Made[]> {
  if (use.volumes === undefined) return [];
  const { volumes: metadata } = use;
  const { session } = access;
  const whose = { projectId, isAdmin: access.projectId !== undefined };
  const all = await listVolumes(session, work.ctx, { ...whose, metadata });
  const own = all.filter(
    (each) =>
      (each.projectId ?? projectId) === projectId &&
      Object.entries(metadata).every(([name, value]) => each.metadata[name] === value),
  );
  const made = own.map((volume) => ({ what: volumeWords(volume), id: volume.id, status: volume.status }));
  if (work.operation.params.keepVolumes === true) return keep(work, made);
  const snapshots: Made[] = [];
  for (const { id: volumeId, what, status } of made) {
    const found = await listSnapshots(session, work.ctx, { ...whose, volumeId });
    snapshots.push(...found.map(({ id, name }) => ({ what: `snapshot ${name}`, id })));
    for (const { id, name } of found) {
      await attempt(work, { what: `snapshot ${name}`, id }, () => deleteSnapshot(session, work.ctx, id));
    }
    if (found.length > 0 || status === 'deleting') continue;
    await attempt(work, { what, id: volumeId }, () => deleteVolume(session, work.ctx, volumeId));
  }
  return [...snapshots, ...made];
}

/** Nothing that the delete would wait for. */
async function keep(work: Work, made: readonly Made[]): Promise<Made[]> {
  for (const { what, id } of made) await tell(work, 'resource_kept', `Kept on request: ${what}`, id);
  return [];
}

function volumeWords({ name, id, sizeGib }: Volume): string {
  return `volume ${name} (${id}, ${sizeGib} GiB)`;
}

/** What is in use or changing is asked again at the next look. */
async function attempt(work: Work, { what, id }: Made, remove: () => Promise<boolean>): Promise<void> {
  try {
    await remove();
  } catch (error) {
    if (isStatus(error, 400, 409)) return;
    throw error;
  }
  await tell(work, 'resource_removed', `Removed with the cluster that had made it: ${what}`, id);
}

/** Once in an operation, however often the phase runs. */
async function tell(work: Work, kind: string, message: string, id: string): Promise<void> {
  await work.fenced('tell of what was made', async (trx) => {
    const earlier = await events.list(trx, { operationId: work.operation.uuid, kind });
    if (!earlier.some(({ details }) => details.id === id)) await work.event(trx, kind, message, { id });
  });
}
