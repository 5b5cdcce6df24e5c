import { ServiceError } from '../common/errors.js';
import type { Bill, BilledOrchestrator, SoftwareSource } from './bill.js';
import { loadBills } from './bill-files.js';
import type { BayDriver, ClusterKind } from './driver.js';
import { loadExternalDriver } from './external.js';
import { kubernetes } from './kubernetes/driver.js';
import { mesos } from './mesos/driver.js';
import { swarm } from './swarm/driver.js';

/** What the operator decides of drivers. */
export interface DriverSettings {
  disabled?: readonly string[];
  /** Modules of drivers that are no part of Bayou. */
  external?: readonly string[];
  kubernetes?: SoftwareSettings;
  mesos?: SoftwareSettings;
}

/** Where an orchestrator's software comes from. */
interface SoftwareSettings {
  mirrorUrl?: string | undefined;
  billsPath?: string | undefined;
}

function softwareOf(orchestrator: BilledOrchestrator, { mirrorUrl, billsPath }: SoftwareSettings = {}): SoftwareSource {
  let bills: Bill[] | undefined;
  return {
    mirrorUrl,
    bills() {
      bills ??= readBills(orchestrator, billsPath);
      return bills;
    },
  };
}

/** What is wrong with a file of the operator's is for the log and no tenant's business. */
function readBills(orchestrator: BilledOrchestrator, billsPath: string | undefined): Bill[] {
  try {
    return loadBills(orchestrator, billsPath);
  } catch (cause) {
    throw new ServiceError('internal', 'The bills of materials can not be read', { cause });
  }
}

/** Every driver that Bayou brings: one line each, keyed by its folder. */
export function makeDrivers(settings: DriverSettings = {}): Readonly<Record<string, BayDriver>> {
  return {
    kubernetes: kubernetes(softwareOf('kubernetes', settings.kubernetes)),
    mesos: mesos(softwareOf('mesos', settings.mesos)),
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
