import { ServiceError } from '../common/errors.js';
import type { BayDriver, ClusterKind } from './driver.js';
import { loadExternalDriver } from './external.js';
import type { Bill } from './kubernetes/bill.js';
import { billFolders, loadBills } from './kubernetes/bill-files.js';
import { kubernetes } from './kubernetes/driver.js';
import { swarm } from './swarm/driver.js';

/** What the operator decides of drivers. */
export interface DriverSettings {
  disabled?: readonly string[];
  /** Modules of drivers that are no part of Bayou. */
  external?: readonly string[];
  kubernetes?: { mirrorUrl?: string | undefined; billsPath?: string | undefined };
}

/** What is wrong with a file of the operator's is for the log and no tenant's business. */
function readBills(billsPath: string | undefined): Bill[] {
  try {
    return loadBills(billFolders(billsPath));
  } catch (cause) {
    throw new ServiceError('internal', 'The bills of materials can not be read', { cause });
  }
}

/** Every driver that Bayou brings: one line each, keyed by its folder. */
export function makeDrivers(settings: DriverSettings = {}): Readonly<Record<string, BayDriver>> {
  const { mirrorUrl, billsPath } = settings.kubernetes ?? {};
  let bills: Bill[] | undefined;
  return {
    kubernetes: kubernetes({ bills: () => (bills ??= readBills(billsPath)), mirrorUrl }),
    swarm,
  };
}

/** @throws ServiceError `invalid` when one has the name of another, or serves what another serves. */
function withExternal(own: readonly BayDriver[], modules: readonly string[]): BayDriver[] {
  const all = [...own];
  for (const module of modules) {
    const driver = loadExternalDriver(module);
    const taken = all.find(
      ({ name, serves }) => name === driver.name || serves.some((kind) => servesKind(driver, kind)),
    );
    if (taken !== undefined) {
      const message = `[drivers] external_drivers: ${module} and the driver ${taken.name} have the same name, or serve the same`;
      throw new ServiceError('invalid', message);
    }
    all.push(driver);
  }
  return all;
}

function servesKind({ serves }: BayDriver, kind: ClusterKind): boolean {
  return serves.some(({ serverType, os, coe }) => serverType === kind.serverType && os === kind.os && coe === kind.coe);
}

/** The drivers in use, without those that the operator disabled. */
export class DriverRegistry {
  private readonly enabled: BayDriver[];

  constructor(settings: DriverSettings = {}) {
    const { disabled = [], external = [] } = settings;
    const own = Object.values(makeDrivers(settings)).filter(({ name }) => !disabled.includes(name));
    this.enabled = withExternal(own, external);
  }

  find(name: string): BayDriver | undefined {
    return this.enabled.find((driver) => driver.name === name);
  }

  serving(kind: ClusterKind): BayDriver | undefined {
    return this.enabled.find((driver) => servesKind(driver, kind));
  }

  all(): readonly BayDriver[] {
    return this.enabled;
  }
}
