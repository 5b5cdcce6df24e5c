import { ServiceError } from '../common/errors.js';
import type { BayDriver, ClusterKind } from './driver.js';
import type { Bill } from './kubernetes/bill.js';
import { billFolders, loadBills } from './kubernetes/bill-files.js';
import { kubernetes } from './kubernetes/driver.js';
import { swarm } from './swarm/driver.js';

/** What the operator decides of drivers. */
export interface DriverSettings {
  disabled?: readonly string[];
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

/** Every driver there is: one line each, keyed by its folder. */
export function makeDrivers(settings: DriverSettings = {}): Readonly<Record<string, BayDriver>> {
  const { mirrorUrl, billsPath } = settings.kubernetes ?? {};
  let bills: Bill[] | undefined;
  return {
    kubernetes: kubernetes({ bills: () => (bills ??= readBills(billsPath)), mirrorUrl }),
    swarm,
  };
}

/** The drivers in use, without those that the operator disabled. */
export class DriverRegistry {
  private readonly enabled: BayDriver[];

  constructor(settings: DriverSettings = {}) {
    const { disabled = [] } = settings;
    this.enabled = Object.values(makeDrivers(settings)).filter(({ name }) => !disabled.includes(name));
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
