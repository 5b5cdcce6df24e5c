import type { ClusterTypes, TemplateOrder } from '../api/cluster-types.js';
import { noScheduling } from '../api/node-groups/scheduling.js';
import { unknownLabels } from '../drivers/labels.js';
import type { DriverRegistry } from '../drivers/registry.js';

/** What the drivers know, in the words of the API, which may not know them. */
export function clusterTypesOf(drivers: DriverRegistry): ClusterTypes {
  const driverNamed = (name: string) => drivers.find(name);
  return {
    driverFor: (kind) => drivers.serving(kind)?.name,
    defaults: (coe) => ({
      networkDriver: drivers.all().find(({ serves }) => serves.some((kind) => kind.coe === coe))?.defaultNetworkDriver,
    }),
    settledLabels: (driver, labels) => driverNamed(driver)?.settledLabels?.(labels) ?? {},
    templateProblems: (template: TemplateOrder) => driverNamed(template.driver)?.validate(template) ?? [],
    clusterProblems(order, template) {
      return driverNamed(template.driver)?.validate({ ...template, ...order }) ?? [];
    },
    nodeGroupProblems({ distro, ...order }, template) {
      // What stands before the masters is none of its business.
      const judged = { ...template, ...order, clusterDistro: distro ?? template.clusterDistro, masterLbEnabled: false };
      return driverNamed(template.driver)?.validate(judged) ?? [];
    },
    schedulingProblems: (driver, group) =>
      // Without a word of its driver an orchestrator has none of them, and would put work where the owner does not want it.
      driverNamed(driver)?.validateNodeGroup?.(group) ??
      noScheduling(group, "nodes of this cluster's orchestrator have none"),
    resizeProblems: (driver, order) => driverNamed(driver)?.validateResize(order) ?? [],
    upgradePlan(name, order) {
      const driver = driverNamed(name);
      return driver?.tasks.upgrade === undefined ? undefined : driver.planUpgrade?.(order);
    },
    unknownLabels(driver, labels) {
      const known = driverNamed(driver)?.labels;
      return known === undefined ? [] : unknownLabels(known, labels);
    },
  };
}
