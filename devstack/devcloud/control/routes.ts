import { z } from 'zod';
import type { Cloud } from '../cloud.js';
import { CloudError } from '../cloud-error.js';
import { param, type Route } from '../http/route.js';
import { QUOTA_NAMES } from '../quotas.js';
import { faultSchema } from './faults.js';
import type { Inventory } from './inventory.js';

const quotaSchema = z.partialRecord(z.enum(QUOTA_NAMES), z.int().min(-1));
const latencySchema = z.strictObject({ latencyMs: z.int().min(0).max(60_000) });

/** Orders for the cloud itself, under `/_control`. Without authentication: it listens on loopback. */
export function controlRoutes(cloud: Cloud, everything: () => Inventory): Route[] {
  return [
    {
      method: 'POST',
      path: '/faults',
      open: (call) => {
        cloud.faults.order(read(faultSchema, call.body));
        return { status: 201, body: { left: cloud.faults.left() } };
      },
    },
    {
      method: 'DELETE',
      path: '/faults',
      open: () => {
        cloud.faults.clear();
        return { status: 204 };
      },
    },
    {
      method: 'PUT',
      path: '/latency',
      open: (call) => {
        cloud.faults.latencyMs = read(latencySchema, call.body).latencyMs;
        return { status: 204 };
      },
    },
    {
      method: 'PUT',
      path: '/quotas/:project',
      open: (call) => {
        cloud.quotas.order(projectId(cloud, param(call, 'project')), read(quotaSchema, call.body));
        return { status: 204 };
      },
    },
    {
      method: 'GET',
      path: '/state',
      open: () => {
        const counts = Object.entries(everything()).map(([kind, items]) => [kind, items.length]);
        return { status: 200, body: { counts: Object.fromEntries(counts), everything: everything() } };
      },
    },
  ];
}

/** By id or by name. */
function projectId(cloud: Cloud, idOrName: string): string {
  const project = [...cloud.identity.projects.values()].find(({ id, name }) => id === idOrName || name === idOrName);
  if (project === undefined) throw new CloudError(404, `There is no project ${idOrName}.`);
  return project.id;
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new CloudError(400, z.prettifyError(parsed.error));
}
