import { z } from 'zod';
import type { ClusterPlan } from './cluster-plan.js';
import { flag } from './fields.js';
import type { ApiResponse } from './route.js';
import type { Finding } from './validation.js';

/** Of every request that orders something in the cloud. */
export const dryRunQuery = z.strictObject({ dry_run: flag() });

export type DryRunQuery = z.output<typeof dryRunQuery>;

const count = z.int();
const textOrNull = z.string().nullable();

const planAnswer = z.strictObject({
  servers: z.array(
    z.strictObject({ nodegroup: z.string(), role: z.string(), count, flavor: textOrNull, image: z.string() }),
  ),
  stacks: z.array(z.strictObject({ kind: z.string(), nodegroup: textOrNull, count, resources: count })),
  volumes: z.array(
    z.strictObject({ nodegroup: z.string(), purpose: z.string(), count, size_gib: count, type: textOrNull }),
  ),
  networks: count,
  subnets: count,
  routers: count,
  security_groups: count,
  ports: count,
  floating_ips: count,
  load_balancers: count,
});

export const dryRunAnswer = z.strictObject({
  plan: planAnswer.nullable(),
  findings: z.array(z.strictObject({ field: textOrNull, code: textOrNull, message: z.string() })),
});

/** What an order would come to, and all that is wrong with it. Nothing was changed for it. */
export function dryRun(plan: ClusterPlan | undefined, findings: readonly Finding[]): ApiResponse {
  return {
    status: 200,
    body: {
      plan: plan === undefined ? null : planView(plan),
      findings: findings.map(({ field, code, message }) => ({
        field: field === '' ? null : field,
        code: code ?? null,
        message,
      })),
    },
  };
}

function planView({ servers, stacks, volumes, resources }: ClusterPlan) {
  const counted = (type: string) => resources[type] ?? 0;
  return {
    servers: servers.map(({ flavor, ...rest }) => ({ ...rest, flavor: flavor ?? null })),
    stacks: stacks.map(({ nodegroup, ...rest }) => ({ ...rest, nodegroup: nodegroup ?? null })),
    volumes: volumes.map(({ sizeGib, type, ...rest }) => ({ ...rest, size_gib: sizeGib, type: type ?? null })),
    networks: counted('OS::Neutron::Net'),
    subnets: counted('OS::Neutron::Subnet'),
    routers: counted('OS::Neutron::Router'),
    security_groups: counted('OS::Neutron::SecurityGroup'),
    ports: counted('OS::Neutron::Port'),
    floating_ips: counted('OS::Neutron::FloatingIP'),
    load_balancers: counted('OS::Octavia::LoadBalancer'),
  };
}
