import type { BayDriver } from '../../drivers/driver.js';
import { describeHealth } from './driver/health.contract.js';
import { describePlansInHeat } from './driver/heat.contract.js';
import { describePlans } from './driver/plans.contract.js';
import { masterCounts, sampleCluster } from './driver/sample-cluster.js';
import { describeScripts } from './driver/scripts.contract.js';
import { describeTrust } from './driver/trust.contract.js';

/** What the conductor counts on in every driver. */
export function describeDriver(name: string, driver: BayDriver): void {
  describe(`the driver ${name}`, () => {
    describeFacts(name, driver);
    describePlans(driver);
    describeScripts(driver);
    describeTrust(driver);
    describeHealth(driver);
    describePlansInHeat(driver);
  });
}

function describeFacts(name: string, driver: BayDriver): void {
  it('has its name and serves at least one kind of cluster', () => {
    expect(driver.name).toBe(name);
    expect(driver.serves.length).toBeGreaterThan(0);
    expect(masterCounts(driver)).toContain(1);
  });

  it('explains each of its labels', () => {
    const silent = Object.entries(driver.labels).filter(([, { help }]) => !/^[A-Z].{10,}\.$/s.test(help));

    expect(silent).toEqual([]);
  });

  it('accepts a plain order, and names the field of each problem it sees', () => {
    const { spec } = sampleCluster(driver);
    const labels = Object.fromEntries(Object.keys(driver.labels).map((label) => [label, '']));

    expect(driver.validate({ ...spec.template, masterCount: 1, nodeCount: 2, cloud: spec.cloud })).toEqual([]);
    const problems = driver.validate({ ...spec.template, labels, masterCount: 0, nodeCount: 1 });
    expect(problems.filter(({ field, message }) => !/^[a-z0-9_.]+$/.test(field) || message === '')).toEqual([]);
  });
}
