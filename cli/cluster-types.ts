import type { ClusterTypes, TemplateOrder } from '../api/cluster-types.js';
import { noScheduling } from '../api/node-groups/scheduling.js';
import { unknownLabels } from '../drivers/labels.js';
import type { DriverRegistry } from '../drivers/registry.js';
import { rememberedPlans } from './cluster-plan.js';

interface PlanSettings {
  /** As the conductor makes them. */
  maxServersPerStack: number;
}

/** What the drivers know, in the words of the API, which may not know them. */
export function clusterTypesOf(drivers: DriverRegistry, { maxServersPerStack }: PlanSettings): ClusterTypes {
  const driverNamed = (name: string) => drivers.find(name);
  const planCluster = rememberedPlans(maxServersPerStack);
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
    nodeGroupProblems({ distro, clusterLabels, groups, ...order }, template) {
      const driver = driverNamed(template.driver);
      // What stands before the masters is none of its business.
      const judged = {
        ...template,
        ...order,
        // What the group does not say is as in its cluster.
        labels: { ...clusterLabels, ...order.labels },
        clusterDistro: distro ?? template.clusterDistro,
        masterLbEnabled: false,
      };
      return [
        ...(driver?.validate(judged) ?? []),
        ...(driver?.validateGroupLabels?.({ labels: order.labels, clusterLabels, groups }) ?? []),
      ];
    },
    schedulingProblems: (driver, group) =>
      // Without a word of its driver an orchestrator has none of them, and would put work where the owner does not want it.
      driverNamed(driver)?.validateNodeGroup?.(group) ??
      noScheduling(group, "nodes of this cluster's orchestrator have none"),
    resizeProblems: (driver, order) => driverNamed(driver)?.validateResize(order) ?? [],
    sizeProblems: (driver, order) => driverNamed(driver)?.validateSize?.(order) ?? [],
    upgradePlan(name, order) {
      const driver = driverNamed(name);
      return driver?.tasks.upgrade === undefined ? undefined : driver.planUpgrade?.(order);
    },
    // What a cluster logs in with is Bayou's own matter: it is the same whatever the driver.
    rotatesCredentials: (driver) => driverNamed(driver) !== undefined,
    rotatesCa: (driver) => driverNamed(driver)?.tasks.rotateCa !== undefined,
    plan(name, order, template) {
      const driver = driverNamed(name);
      return driver === undefined ? undefined : planCluster(driver, order, template);
    },
    labels: () => drivers.all().map(({ name, serves, labels }) => ({ driver: name, coes: coesOf(serves), labels })),
    unknownLabels(driver, labels) {
      const known = driverNamed(driver)?.labels;
      return known === undefined ? [] : unknownLabels(known, labels);
    },
  };
}

function coesOf(serves: readonly { coe: string }[]): string[] {
  return [...new Set(serves.map(({ coe }) => coe))];
}
