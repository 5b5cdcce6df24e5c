import type { BayDriver, ClusterKind } from './driver.js';
import { swarm } from './swarm/driver.js';

/** Every driver there is: one line each, keyed by its folder. */
export const drivers: Readonly<Record<string, BayDriver>> = {
  swarm,
};

/** The drivers in use, without those that the operator disabled. */
export class DriverRegistry {
  private readonly enabled: BayDriver[];

  constructor(disabled: readonly string[] = []) {
    this.enabled = Object.values(drivers).filter(({ name }) => !disabled.includes(name));
  }

  find(name: string): BayDriver | undefined {
    return this.enabled.find((driver) => driver.name === name);
  }

  serving(kind: ClusterKind): BayDriver | undefined {
    return this.enabled.find(({ serves }) =>
      serves.some(({ serverType, os, coe }) => serverType === kind.serverType && os === kind.os && coe === kind.coe),
    );
  }

  all(): readonly BayDriver[] {
    return this.enabled;
  }
}
