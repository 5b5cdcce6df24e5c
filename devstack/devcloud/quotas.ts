import { CloudError } from './cloud-error.js';

/** Unlimited is -1. Wide enough that a newcomer never meets them; a test orders narrower ones. */
const DEFAULT_LIMITS = {
  instances: 2000,
  cores: 8000,
  ram: 16_777_216,
  key_pairs: 1000,
  server_groups: 1000,
  server_group_members: 10,
  network: 2000,
  subnet: 2000,
  port: 20_000,
  router: 2000,
  floatingip: 2000,
  security_group: 4000,
  security_group_rule: 40_000,
  stacks: 512,
  volumes: 2000,
  gigabytes: 1_000_000,
  per_volume_gigabytes: -1,
  load_balancer: 1000,
  listener: -1,
  pool: -1,
  member: -1,
  health_monitor: -1,
};

export type QuotaName = keyof typeof DEFAULT_LIMITS;
export type Limits = Record<QuotaName, number>;

export const QUOTA_NAMES = Object.keys(DEFAULT_LIMITS) as QuotaName[];

/** The limits of each project, whichever service keeps to them. */
export class Quotas {
  readonly #ordered = new Map<string, Partial<Limits>>();

  limits(projectId: string): Limits {
    return { ...DEFAULT_LIMITS, ...this.#ordered.get(projectId) };
  }

  order(projectId: string, limits: Partial<Limits>): void {
    this.#ordered.set(projectId, { ...this.#ordered.get(projectId), ...limits });
  }

  /** @throws CloudError 409 `OverQuota`, as Neutron does. */
  checkNetworkQuota(projectId: string, name: QuotaName, used: number, wanted = 1): void {
    const limit = this.limits(projectId)[name];
    if (limit >= 0 && used + wanted > limit) {
      throw new CloudError(409, `Quota exceeded for resources: ['${name}'].`, 'OverQuota');
    }
  }

  /**
   * Nova counts several things at once and names all that are exceeded.
   * @throws CloudError 403 "Quota exceeded for cores: Requested 2, but already used 19 of 20 cores"
   */
  checkComputeQuota(projectId: string, requested: Partial<Limits>, used: Partial<Limits>): void {
    const limits = this.limits(projectId);
    const over = QUOTA_NAMES.filter(
      (name) =>
        limits[name] >= 0 && (requested[name] ?? 0) > 0 && (used[name] ?? 0) + (requested[name] ?? 0) > limits[name],
    );
    if (over.length === 0) return;
    const list = (values: Partial<Limits>) => over.map((name) => values[name] ?? 0).join(', ');
    const allowed = over.map((name) => `${limits[name]} ${name}`).join(', ');
    throw new CloudError(
      403,
      `Quota exceeded for ${over.join(', ')}: Requested ${list(requested)}, but already used ${list(used)} of ${allowed}`,
    );
  }
}
