import { COLLECT_TASK, NODE_PIECE_BYTES, readWhole } from '../../common/db/diagnostic-pieces.js';
import { nodeTasks } from '../../common/db/node-tasks.js';
import { type ListenerFixture, startListenerFixture } from '../support/listener-fixture.js';

const DIAGNOSTIC = '00000000-0000-4000-8000-00000000d1a6';
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('what a node has collected', () => {
  let fixture: ListenerFixture;
  beforeEach(async () => {
    fixture = await startListenerFixture();
  });
  afterEach(() => fixture.stop());

  async function asked() {
    const { client, node } = await fixture.enrolled();
    const uuid = fixture.ids.uuid();
    const params = { diagnostic: DIAGNOSTIC, upload: uuid };
    const task = { uuid, clusterId: node.clusterId, nodeId: node.uuid, taskKey: uuid, name: COLLECT_TASK, params };
    await nodeTasks.insert(fixture.knex, { ...task, state: 'queued', output: '', createdAt: 0 });
    const put = (number: number, data: string, last = false) =>
      client.post(`/v1/collected/${uuid}`, { number, last, data });
    const whole = () => readWhole(fixture.knex, fixture.sealer, { diagnosticId: DIAGNOSTIC, source: node.uuid });
    const state = async () => (await nodeTasks.find(fixture.knex, { uuid }))?.state;
    return { client, uuid, put, whole, state };
  }

  it('is taken in pieces, each once; the last one is the answer, and after it none counts', async () => {
    const { put, whole, state } = await asked();

    expect((await put(0, base64('one '))).status).toBe(200);
    expect((await put(0, base64('ONE '))).status).toBe(200);
    expect(await state()).toBe('queued');
    expect((await put(1, base64('two'), true)).status).toBe(200);
    expect(await state()).toBe('succeeded');
    expect((await put(1, base64('three'), true)).status).toBe(200);

    expect(String(await whole())).toBe('ONE two');
    const rows = await fixture.knex('diagnostic_pieces').select('sealed');
    expect(JSON.stringify(rows)).not.toContain(base64('ONE '));
  });

  it('is asked for with the answer to a step, as long as it has not come', async () => {
    const { client, uuid, put } = await asked();
    const report = () => client.post('/v1/steps', { name: 'a', status: 'started' });

    expect((await report()).body).toEqual({ collect: uuid });
    await put(0, base64('all'), true);
    expect((await report()).body).toEqual({});
  });

  it('is taken of nobody who was not asked', async () => {
    const { put, uuid } = await asked();
    const { client: other } = await fixture.enrolled();
    const piece = { number: 0, last: true, data: base64('x') };

    expect((await other.post(`/v1/collected/${uuid}`, piece)).status).toBe(404);
    expect((await other.post(`/v1/collected/${fixture.ids.uuid()}`, piece)).status).toBe(404);
    expect((await put(0, base64('x'), true)).status).toBe(200);
  });

  it.each([
    [400, { number: 5, last: true, data: base64('x') }],
    [400, { number: -1, last: true, data: base64('x') }],
    [400, { number: 0, last: true, data: 'no base64!' }],
    [400, { number: 0, last: true, data: '' }],
    [413, { number: 0, last: true, data: Buffer.alloc(NODE_PIECE_BYTES + 1).toString('base64') }],
    [413, { number: 0, last: true, data: 'A'.repeat(70_000) }],
  ])('is refused with %i for %j', async (status, piece) => {
    const { client, uuid, state } = await asked();

    expect((await client.post(`/v1/collected/${uuid}`, piece)).status).toBe(status);
    expect(await state()).toBe('queued');
  });

  it('may have a piece of the full size', async () => {
    const { put, whole } = await asked();

    expect((await put(0, Buffer.alloc(NODE_PIECE_BYTES, 7).toString('base64'), true)).status).toBe(200);
    expect(await whole()).toHaveLength(NODE_PIECE_BYTES);
  });
});
