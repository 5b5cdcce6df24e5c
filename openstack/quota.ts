/** How much of one thing a project may have, in the service's own unit. */
export interface Quota {
  /** -1: as much as there is. */
  limit: number;
  /** What is reserved counts as used. */
  used: number;
}

/** By the service's own names: `cores`, `floatingip`, `gigabytes_lvm`. */
export type Quotas = Readonly<Record<string, Quota>>;

/** Nova says `in_use`, Neutron `used`; both tell what is reserved. Names that are no quotas are left out. */
export function readQuotas(body: Readonly<Record<string, unknown>>): Quotas {
  const found: Record<string, Quota> = {};
  for (const [name, value] of Object.entries(body)) {
    if (typeof value !== 'object' || value === null) continue;
    const { limit, in_use: inUse, used, reserved } = value as Record<string, unknown>;
    if (typeof limit !== 'number') continue;
    found[name] = { limit, used: Number(inUse ?? used ?? 0) + Number(reserved ?? 0) };
  }
  return found;
}
