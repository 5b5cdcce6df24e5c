import axios from 'axios';
import { x509KeyPairs } from '../../common/db/x509-key-pairs.js';
import { tokenOf } from '../support/api-fixture.js';
import { Scenario, TEMPLATE } from './scenario.js';

jest.setTimeout(60_000);

let scenario: Scenario;
beforeEach(async () => {
  scenario = await Scenario.start();
});
afterEach(() => scenario.stop());

/** As clients of 2015 ask, without a version, while time goes on. */
async function post(path: string, body: object): Promise<{ status: number; data: Record<string, unknown> }> {
  const { cloud, clock, processes } = scenario.world;
  const headers = { 'X-Auth-Token': await tokenOf(cloud, 'demo', 'demo') };
  let answer: { status: number; data: Record<string, unknown> } | undefined;
  clock.after(0, async () => {
    const url = `${processes.at(-1)?.apiUrl}/v1${path}`;
    answer = await axios.post(url, body, { headers, proxy: false, validateStatus: () => true });
  });
  await clock.runUntil(() => answer !== undefined, { limitMs: 120_000 });
  if (answer === undefined) throw new Error(`POST ${path}: no answer`);
  return answer;
}

it('A bay is answered for when its stack is there, and takes along what was kept for it', async () => {
  const { status, data } = await post('/bays', { name: 'c', baymodel_id: TEMPLATE.name });

  expect(status).toBe(201);
  expect(data).toMatchObject({ status: 'CREATE_IN_PROGRESS', stack_id: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(await scenario.settled()).toMatchObject({ status: 'CREATE_COMPLETE', stackId: data.stack_id });

  expect((await post('/x509keypairs', { bay_uuid: 'c', private_key: 'secret' })).status).toBe(201);
  await scenario.expectStatus('DELETE', '/bays/c', undefined, 204);
  await scenario.until((cluster) => cluster === undefined);

  expect(await scenario.world.db.read('check', (query) => x509KeyPairs.list(query, {}))).toEqual([]);
  expect(scenario.leftovers()).toEqual({});
});
