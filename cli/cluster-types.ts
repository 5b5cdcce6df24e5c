import type { ClusterTypes, TemplateOrder } from '../api/cluster-types.js';
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
    templateProblems: (template: TemplateOrder) => driverNamed(template.driver)?.validate(template) ?? [],
    clusterProblems(order, template) {
      return driverNamed(template.driver)?.validate({ ...template, ...order }) ?? [];
    },
    resizeProblems: (driver, order) => driverNamed(driver)?.validateResize(order) ?? [],
    unknownLabels(driver, labels) {
      const known = driverNamed(driver)?.labels;
      return known === undefined ? [] : unknownLabels(known, labels);
    },
  };
}
