import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { type Call, param, type Reply, type Route } from '../http/route.js';
import { type Caller, projectMember, projectReader } from '../identity/callers.js';
import { quotaView, typeId } from './limits.js';
import { createVolume, deleteVolume, type Snapshot, VOLUME_TYPES, type Volume } from './volumes.js';

/** Volumes and snapshots, as Cinder's CSI driver makes them and Bayou takes them away. */
export function volumeRoutes(cloud: Cloud): Route[] {
  const base = '/v3/:project';
  const { volumes, snapshots } = cloud;
  return [
    {
      method: 'GET',
      path: `${base}/volumes/detail`,
      handle: (call, caller) => ({
        status: 200,
        body: { volumes: listed(volumes, call, caller).map((volume) => volumeView(cloud, volume)) },
      }),
    },
    {
      method: 'GET',
      path: `${base}/types`,
      handle: (_, caller) => {
        projectReader(caller);
        const types = VOLUME_TYPES.map((name) => ({ id: typeId(name), name, is_public: true, extra_specs: {} }));
        return { status: 200, body: { volume_types: types } };
      },
    },
    {
      method: 'GET',
      path: `${base}/os-quota-sets/:of`,
      handle: (call, caller) => ({ status: 200, body: { quota_set: quotaView(cloud, call, caller) } }),
    },
    { method: 'POST', path: `${base}/volumes`, handle: (call, caller) => makeVolume(cloud, call, caller) },
    {
      method: 'DELETE',
      path: `${base}/volumes/:id`,
      handle: (call, caller) => {
        deleteVolume(cloud, one(volumes, 'Volume', call, caller));
        return { status: 202 };
      },
    },
    {
      method: 'GET',
      path: `${base}/snapshots/detail`,
      handle: (call, caller) => {
        const volume = call.query.get('volume_id');
        const found = listed(snapshots, call, caller).filter(({ volumeId }) => volume === null || volumeId === volume);
        return { status: 200, body: { snapshots: found.map(snapshotView) } };
      },
    },
    { method: 'POST', path: `${base}/snapshots`, handle: (call, caller) => makeSnapshot(cloud, call, caller) },
    {
      method: 'DELETE',
      path: `${base}/snapshots/:id`,
      handle: (call, caller) => {
        snapshots.delete(one(snapshots, 'Snapshot', call, caller).id);
        return { status: 202 };
      },
    },
  ];
}

interface Owned {
  id: string;
  projectId: string;
  metadata: Record<string, string>;
}

/** Of the caller's project; an admin may ask for all, or for one of them. */
function listed<T extends Owned>(items: Map<string, T>, { query }: Call, caller: Caller): T[] {
  const { projectId: own, isAdmin } = projectReader(caller);
  const asksAll = isAdmin && query.get('all_tenants') === 'true';
  const project = asksAll ? query.get('project_id') : own;
  const wanted: Record<string, string> = JSON.parse(query.get('metadata') ?? '{}');
  return [...items.values()].filter(
    ({ projectId, metadata }) =>
      (project === null || projectId === project) &&
      Object.entries(wanted).every(([key, value]) => metadata[key] === value),
  );
}

function one<T extends Owned>(items: Map<string, T>, what: string, call: Call, caller: Caller): T {
  const { projectId, isAdmin } = projectMember(caller);
  const found = items.get(param(call, 'id'));
  if (found !== undefined && (isAdmin || found.projectId === projectId)) return found;
  throw new CloudError(404, `${what} ${param(call, 'id')} could not be found.`);
}

function makeVolume(cloud: Cloud, call: Call, caller: Caller): Reply {
  const { projectId, userId } = projectMember(caller);
  const input = (call.body.volume ?? {}) as { name?: string; size?: number; metadata?: Record<string, string> };
  const volume = createVolume(
    cloud,
    { projectId, userId },
    {
      name: input.name ?? '',
      sizeGib: input.size ?? 1,
      volumeType: VOLUME_TYPES[0] ?? '',
      availabilityZone: 'nova',
      metadata: input.metadata ?? {},
    },
  );
  return { status: 202, body: { volume: volumeView(cloud, volume) } };
}

function makeSnapshot(cloud: Cloud, call: Call, caller: Caller): Reply {
  const { projectId } = projectMember(caller);
  const input = (call.body.snapshot ?? {}) as {
    name?: string;
    volume_id?: string;
    metadata?: Record<string, string>;
  };
  const volume = cloud.volumes.get(input.volume_id ?? '');
  if (volume?.projectId !== projectId) throw new CloudError(404, `Volume ${input.volume_id} could not be found.`);
  const snapshot: Snapshot = {
    id: cloud.ids.uuid(),
    name: input.name ?? '',
    projectId,
    volumeId: volume.id,
    sizeGib: volume.sizeGib,
    metadata: input.metadata ?? {},
  };
  cloud.snapshots.set(snapshot.id, snapshot);
  return { status: 202, body: { snapshot: snapshotView(snapshot) } };
}

function volumeView(cloud: Cloud, { id, name, projectId, sizeGib, volumeType, serverId, metadata }: Volume) {
  const isAttached = serverId !== undefined && cloud.compute.servers.has(serverId);
  return {
    id,
    name,
    size: sizeGib,
    volume_type: volumeType,
    status: isAttached ? 'in-use' : 'available',
    metadata,
    attachments: isAttached ? [{ server_id: serverId, volume_id: id }] : [],
    'os-vol-tenant-attr:tenant_id': projectId,
  };
}

function snapshotView({ id, name, projectId, volumeId, sizeGib, metadata }: Snapshot) {
  return {
    id,
    name,
    volume_id: volumeId,
    size: sizeGib,
    status: 'available',
    metadata,
    'os-extended-snapshot-attributes:project_id': projectId,
  };
}
