import { z } from 'zod';
import type { DriverLabels, LabelDefinition } from './cluster-types.js';
import type { Api } from './deps.js';
import { text } from './fields.js';
import { type ApiRequest, type ApiResponse, route } from './route.js';

const listQuery = z.strictObject({ coe: text() });

const textOrNull = z.string().nullable();

const labelAnswer = z.strictObject({
  name: z.string(),
  driver: z.string(),
  coes: z.array(z.string()),
  type: z.enum(['text', 'boolean', 'integer', 'choice', 'cidr', 'meaningless']),
  default: textOrNull,
  min: z.int().nullable(),
  max: z.int().nullable(),
  values: z.array(z.string()).nullable(),
  pattern: textOrNull,
  help: z.string(),
});

/** What each driver understands of labels, by its name. */
async function list(api: Api, { query }: ApiRequest<z.output<typeof listQuery>, undefined>): Promise<ApiResponse> {
  const { clusterTypes } = api;
  const asked = clusterTypes.labels().filter(({ coes }) => query.coe === undefined || coes.includes(query.coe));
  const labels = asked.flatMap((of) => {
    // Such as the version that is the newest today.
    const settled = clusterTypes.settledLabels(of.driver, {});
    return Object.entries(of.labels)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([name, definition]) => labelView(name, definition, of, settled[name]));
  });
  return { status: 200, body: { labels } };
}

function labelView(name: string, definition: LabelDefinition, of: DriverLabels, settled: string | undefined) {
  const { type, help } = definition;
  const chosen = settled === '' ? undefined : settled;
  return {
    name,
    driver: of.driver,
    coes: of.coes,
    type,
    default: chosen ?? definition.default ?? null,
    min: type === 'integer' ? definition.min : null,
    max: type === 'integer' ? definition.max : null,
    values: type === 'choice' ? definition.values : null,
    pattern: type === 'text' ? (definition.like?.pattern.source ?? null) : null,
    help,
  };
}

export const labelRoutes = [
  route({
    method: 'GET',
    path: '/v1/labels',
    policy: 'clustertemplate:get_all',
    query: listQuery,
    answers: { 200: z.strictObject({ labels: z.array(labelAnswer) }) },
    handler: list,
  }),
];
