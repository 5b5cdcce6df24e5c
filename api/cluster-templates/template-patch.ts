import type { z } from 'zod';
import { type ClusterTemplate, clusterTemplates, countClustersOfTemplate } from '../../common/db/cluster-templates.js';
import type { Query } from '../../common/db/database.js';
import { ServiceError } from '../../common/errors.js';
import type { Api } from '../deps.js';
import { enforce } from '../identity.js';
import { changedAttributes, type Document, type Patch, patched } from '../json-patch.js';
import type { PolicyRule } from '../policy-rules.js';
import type { ApiRequest, ApiResponse } from '../route.js';
import { parse } from '../validation.js';
import { templateOrder } from './template-order.js';
import { type TemplateBody, templateBody, templateFields } from './template-schema.js';
import { templateAttributes, templateView } from './template-view.js';

const UNREMOVABLE = [
  'coe',
  'image_id',
  'network_driver',
  'external_network_id',
  'tls_disabled',
  'public',
  'server_type',
  'registry_enabled',
  'cluster_distro',
  'hidden',
];

/** What may change while clusters use the template: nothing that says what they are like. */
function isHarmless(changed: string[], after: ClusterTemplate): boolean {
  const [attribute, ...more] = changed;
  if (attribute === undefined) return true;
  if (more.length > 0) return false;
  return ['hidden', 'tags', 'name'].includes(attribute) || (attribute === 'public' && after.public);
}

export async function patchTemplate(
  api: Api,
  request: ApiRequest<undefined, Patch>,
  template: ClusterTemplate,
): Promise<ApiResponse> {
  const after = await changeTemplate(api, request, template, {
    attributes: templateAttributes,
    body: templateBody,
    publish: 'clustertemplate:publish',
  });
  return { status: 200, body: templateView(after, request.baseUrl) };
}

/** What differs between the two names under which templates are served. */
export interface TemplateKind {
  attributes(template: ClusterTemplate): Document;
  body: z.ZodType<TemplateBody>;
  publish: PolicyRule;
}

/** @returns the template as it is from now on. */
export async function changeTemplate(
  api: Api,
  request: ApiRequest<undefined, Patch>,
  template: ClusterTemplate,
  kind: TemplateKind,
): Promise<ClusterTemplate> {
  const before = kind.attributes(template);
  const { cluster_distro: _derived, driver, ...wanted } = patched(before, request.body, { unremovable: UNREMOVABLE });
  // The driver follows from image and coe: naming another one is checked, leaving it as it was says nothing.
  const namesDriver = driver !== undefined && driver !== template.driver;
  const body = parse(kind.body, namesDriver ? { ...wanted, driver } : wanted);
  const named = { name: body.name ?? template.name, networkDriver: body.network_driver };
  let after: ClusterTemplate = { ...template, ...templateFields(body), ...named };
  if (after.public !== template.public || after.hidden !== template.hidden) {
    enforce(api.policy, request.identity, kind.publish);
  }
  const changed = changedAttributes(before, kind.attributes(after));
  const harmless = body.driver === undefined && isHarmless(changed, after);
  // A name or a tag needs no look at the cloud: the image may be gone by now.
  if (!harmless) after = { ...after, ...(await templateOrder(api, request.identity, body)), name: named.name };
  after.updatedAt = api.clock.now();
  request.signal.throwIfAborted();
  await api.db.transaction('template-patch', (trx) => save(trx, template, after, harmless));
  return after;
}

/** Only what differs is written, so that two patches of different attributes both count. */
async function save(trx: Query, before: ClusterTemplate, after: ClusterTemplate, harmless: boolean): Promise<void> {
  const { uuid, name } = before;
  const locked = await clusterTemplates.rows(trx).where({ uuid }).forUpdate().first('id');
  if (locked === undefined) {
    throw new ServiceError('not_found', `ClusterTemplate ${uuid} could not be found.`, { code: 'template_not_found' });
  }
  if (!harmless && (await countClustersOfTemplate(trx, uuid)) > 0) {
    throw new ServiceError(
      'invalid',
      `ClusterTemplate ${name} is used by clusters: only one of name, tags, hidden and public (to true) may change; make a new template.`,
      { code: 'template_in_use' },
    );
  }
  const oldRow = clusterTemplates.toRow(before);
  const newRow = Object.entries(clusterTemplates.toRow(after)).filter(([column, value]) => value !== oldRow[column]);
  if (newRow.length > 0) await clusterTemplates.rows(trx).where({ uuid }).update(Object.fromEntries(newRow));
}
