import { z } from 'zod';
import { type Conductor, conductors } from '../common/db/conductors.js';
import { timeText } from './answers.js';
import type { Api } from './deps.js';
import { type ApiResponse, route } from './route.js';
import { isoTime } from './view-values.js';

async function list(api: Api): Promise<ApiResponse> {
  const rows = await api.db.read('mservice-list', (query) => conductors.list(query, {}));
  const downBefore = api.clock.now() - api.config.general.serviceDownTime * 1000;
  return { status: 200, body: { mservices: rows.map((row) => serviceView(row, downBefore)) } };
}

const servicesAnswer = z.strictObject({
  mservices: z.array(
    z.strictObject({
      id: z.int(),
      host: z.string(),
      binary: z.string(),
      state: z.enum(['up', 'down']),
      disabled: z.boolean(),
      disabled_reason: z.string().nullable(),
      report_count: z.int(),
      created_at: timeText,
      updated_at: timeText.nullable(),
    }),
  ),
});

function serviceView(conductor: Conductor, downBefore: number) {
  return {
    id: conductor.id,
    host: conductor.host,
    binary: conductor.binary,
    state: conductor.lastSeenUp >= downBefore ? 'up' : 'down',
    disabled: conductor.disabled,
    disabled_reason: conductor.disabledReason ?? null,
    report_count: conductor.reportCount,
    created_at: isoTime(conductor.createdAt),
    updated_at: isoTime(conductor.updatedAt),
  };
}

export const mserviceRoutes = [
  route({
    method: 'GET',
    path: '/v1/mservices',
    policy: 'magnum-service:get_all',
    answers: { 200: servicesAnswer },
    handler: list,
  }),
];
