import type { TemplateOrder } from '../cluster-types.js';
import type { Api } from '../deps.js';
import { generatedName } from '../generated-names.js';
import { enforce, type Identity } from '../identity.js';
import type { PolicyRule } from '../policy-rules.js';
import { checkReferences } from '../reference-checks.js';
import { type Finding, refuse } from '../validation.js';
import { storageProblems, type TemplateBody, templateFields } from './template-schema.js';

export interface JudgedTemplate {
  order: TemplateOrder;
  findings: Finding[];
}

/**
 * What a body orders, checked against the drivers and the cloud.
 * @throws ServiceError `invalid` with all problems at once.
 */
export async function templateOrder(api: Api, who: Identity, body: TemplateBody): Promise<TemplateOrder> {
  const { order, findings } = await judgeTemplate(api, who, body);
  refuse(findings);
  return order;
}

/** The same with what is wrong with it. Without a driver its name is empty. */
export async function judgeTemplate(api: Api, who: Identity, body: TemplateBody): Promise<JudgedTemplate> {
  const fields = templateFields(body);
  const { clusterTypes } = api;
  const { osDistro, problems } = await checkReferences(api.references, who, fields);
  const kind = { serverType: fields.serverType, os: osDistro ?? '', coe: fields.coe };
  const driver = osDistro === undefined ? undefined : clusterTypes.driverFor(kind);
  if (osDistro !== undefined && driver === undefined) {
    const message = `no driver serves ${fields.coe} on ${osDistro} (os_distro of the image) with server_type ${fields.serverType}`;
    problems.push({ field: 'coe', message, code: 'cluster_type_unsupported' });
  }
  if (driver !== undefined && body.driver !== undefined && body.driver !== driver) {
    problems.push({ field: 'driver', message: `the driver for this image and coe is ${driver}` });
  }
  const order: TemplateOrder = {
    ...fields,
    name: body.name ?? generatedName(api.ids, 'template'),
    networkDriver: body.network_driver ?? clusterTypes.defaults(fields.coe).networkDriver,
    clusterDistro: osDistro,
    driver: driver ?? '',
  };
  if (driver !== undefined) problems.push(...clusterTypes.templateProblems(order));
  return { order, findings: [...problems, ...storageProblems(order.dockerStorageDriver, order.dockerVolumeSize)] };
}

/** Only an admin decides what other projects see. */
export function enforcePublishing(
  api: Api,
  who: Identity,
  template: { public: boolean; hidden: boolean },
  rule: PolicyRule,
): void {
  if (template.public || template.hidden) enforce(api.policy, who, rule);
}
