import { Readable } from 'node:stream';
import { type ApiClient, type ApiFixture, startApi } from '../support/api-fixture.js';
import { makeTemplate, templateOf } from '../support/orders.js';

let api: ApiFixture;
let demo: ApiClient;
beforeAll(async () => {
  api = await startApi({ settings: { BAYOU_API__MAX_BODY_BYTES: '4096' } });
  demo = await api.as('demo');
  await makeTemplate(demo);
});
afterAll(() => api.stop());

const json = { 'Content-Type': 'application/json' };
const POST = '/v1/clustertemplates';

describe('Bodies', () => {
  it.each([
    ['{"name": "a",\n "coe": }', 'unexpected "}" at line 2, column 9'],
    ['{"name": "a"', 'it ends too early at line 1, column 13'],
    ['nonsense', 'unexpected "n" at line 1, column 1'],
    ['{"a": [1, {"b": 2,}]}', 'unexpected "}" at line 1, column 19'],
    ['{"a": 01}', 'unexpected "1" at line 1, column 8'],
    ['{"a": 1} x', 'unexpected "x" at line 1, column 10'],
    ['{"a": "\t"}', 'line 1, column 7'],
  ])('that are no JSON get a 400 with the place: %s', async (body, place) => {
    const answer = await demo.raw('POST', POST, body, json);

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0].detail).toContain(place);
  });

  it.each(['[]', '"x"', '3', 'null', 'true'])('that are no object get a 400: %s', async (body) => {
    expect((await demo.raw('POST', POST, body, json)).status).toBe(400);
  });

  it('that are missing get a 400', async () => {
    expect((await demo.post(POST)).status).toBe(400);
    expect((await demo.patch(`${POST}/swarm`)).status).toBe(400);
  });

  it('that are not UTF-8 get a 400', async () => {
    expect((await demo.raw('POST', POST, Buffer.from([0x22, 0xff, 0x22]), json)).status).toBe(400);
  });

  it('of another media type get a 415', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/x-www-form-urlencoded']) {
      expect((await demo.raw('POST', POST, '{}', { 'Content-Type': type })).status).toBe(415);
    }
  });

  it('that are empty have no media type', async () => {
    const octets = { 'Content-Type': 'application/octet-stream' };

    expect((await demo.raw('DELETE', `${POST}/nothing`, undefined, octets)).status).toBe(404);
  });

  it('over the limit get a 413, however they are sent', async () => {
    const large = JSON.stringify({ name: 'x'.repeat(500_000) });

    const announced = await demo.raw('POST', POST, large, json);
    const chunked = await demo.raw('POST', POST, Readable.from([large]), json);

    expect(announced.status).toBe(413);
    expect(chunked.status).toBe(413);
    expect(announced.body.errors[0].detail).toContain('4096');
  });

  it('nested very deeply get a 400', async () => {
    const depth = 1500;
    const deep = `{"labels":${'['.repeat(depth)}${']'.repeat(depth)}}`;

    expect((await demo.raw('POST', POST, deep, json)).status).toBe(400);
  });

  it('get a 400 where none is taken', async () => {
    expect((await demo.send('DELETE', `${POST}/swarm`, { a: 1 })).status).toBe(400);
    expect((await demo.get(`${POST}/swarm`)).status).toBe(200);
  });
});

describe('Fields', () => {
  it.each([
    [{ nonsense: 1 }, 'nonsense: unknown'],
    [{ uuid: 'x' }, 'uuid: unknown or read-only'],
    [{ created_at: null }, 'created_at: unknown or read-only'],
    [{ coe: null }, 'coe: missing'],
    [{ coe: 'docker' }, 'coe: no driver serves docker'],
    [{ coe: 'Docker Swarm' }, 'coe: must be the name of an orchestrator'],
    [{ image_id: undefined }, 'image_id: missing'],
    [{ image_id: '' }, 'image_id: must not be empty'],
    [{ name: 5 }, 'name: must be a text'],
    [{ name: 'x'.repeat(256) }, 'name: must have at most 255'],
    [{ docker_volume_size: 0 }, 'docker_volume_size: must be at least 1'],
    [{ docker_volume_size: '1.5' }, 'docker_volume_size: must be a whole number'],
    [{ docker_volume_size: 99_999_999_999 }, 'docker_volume_size: must be at most'],
    [{ apiserver_port: 80 }, 'apiserver_port: must be at least 1024'],
    [{ tls_disabled: 'maybe' }, 'tls_disabled: must be true or false'],
    [{ labels: ['a'] }, 'labels: must be an object'],
    [{ labels: { a: { b: 1 } } }, 'labels.a: must be a text, a number or a boolean'],
    [{ dns_nameserver: '8.8.8.8,example' }, 'dns_nameserver: must be IPv4'],
    [{ server_type: 'ironic' }, 'server_type: must be one of vm, bm'],
  ])('that are wrong are named: %j', async (changes, complaint) => {
    const answer = await demo.post(POST, templateOf(changes));

    expect(answer.status).toBe(400);
    expect(answer.body.errors[0]).toMatchObject({ code: 'client', status: 400, links: [] });
    expect(answer.body.errors[0].detail).toContain(complaint);
  });

  it('that are wrong are named all at once', async () => {
    const { body } = await demo.post(POST, templateOf({ coe: 'X', name: 1, more: true }));

    for (const field of ['coe', 'name', 'more']) expect(body.errors[0].detail).toContain(`${field}: `);
  });

  it('come as text from Horizon', async () => {
    const horizon = templateOf({
      name: '',
      apiserver_port: '6443',
      tls_disabled: 'True',
      master_lb_enabled: 'false',
      floating_ip_enabled: 'no',
      http_proxy: '',
      labels: { availability_zone: 'nova', http_max: 3, flag: true },
    });

    const { status, body } = await demo.post(POST, horizon);

    expect(status).toBe(201);
    expect(body).toMatchObject({ apiserver_port: 6443, tls_disabled: true, floating_ip_enabled: false });
    expect(body.http_proxy).toBeNull();
    expect(body.name).toMatch(/^[a-z]+-\d{1,2}-template$/);
    expect(body.labels).toEqual({ availability_zone: 'nova', http_max: '3', flag: 'true' });
  });
});

describe('Arguments', () => {
  it.each([
    'limit=0',
    'limit=-1',
    'limit=x',
    'limit=',
    'limit=1&limit=2',
    'sort_dir=up',
    'sort_key=ssh_public_key',
    'sort_key=nonsense',
    'marker=x',
    'nonsense=1',
    '__proto__=1',
  ])('that are wrong get a 400: %s', async (query) => {
    const { status, body } = await demo.get(`/v1/clusters?${query}`);

    expect(status).toBe(400);
    expect(body.errors[0].detail).toContain(query.split('=')[0]);
  });
});

describe('Faults of our own', () => {
  it('show no cause and no stack', async () => {
    const other = await startApi();
    const client = await other.as('demo');
    await client.get('/v1/clusters');
    await other.db.knex.schema.dropTable('clusters');

    const { status, body } = await client.get('/v1/clusters');
    await other.stop();

    expect(status).toBe(500);
    expect(body.errors[0]).toMatchObject({ code: 'server', status: 500 });
    expect(JSON.stringify(body)).not.toMatch(/clusters|sqlite|\.ts|at /i);
  });
});
