import { routes } from '../../api/routes.js';
import { type ApiFixture, startApi } from '../support/api-fixture.js';

let api: ApiFixture;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('The document of the API', () => {
  it('is OpenAPI 3.1, for anybody', async () => {
    const { status, headers, body } = await api.anonymous.get('/v1/openapi.json');

    expect(status).toBe(200);
    expect(headers['content-type']).toMatch('application/json');
    expect(body).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Bayou', version: '1.14' },
      components: { securitySchemes: { keystone: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' } } },
    });
  });

  it('has every route, and what each answers', async () => {
    const { body } = await api.anonymous.get('/v1/openapi.json');

    const operations = routes.map(({ method, path }) => ({
      route: `${method} ${path}`,
      operation: body.paths[path]?.[method.toLowerCase()],
    }));
    const wrong = operations
      .filter(({ operation }) => Object.keys(operation?.responses ?? {}).every((status) => !status.startsWith('2')))
      .map(({ route }) => route);
    expect(wrong).toEqual([]);
    expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(routes.length);
  });

  it('has what a request may say, who may send it and since when', async () => {
    const { body } = await api.anonymous.get('/v1/openapi.json');

    const { get, post } = body.paths['/v1/clusters/{cluster}/nodegroups'];
    expect(get.parameters).toContainEqual({
      name: 'cluster',
      in: 'path',
      required: true,
      schema: { type: 'string' },
    });
    expect(get.parameters).toContainEqual({
      name: 'limit',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 2_147_483_647 },
    });
    expect(post).toMatchObject({
      security: [{ keystone: [] }],
      'x-openstack-min-version': '1.9',
      'x-openstack-policy': 'nodegroup:create',
      requestBody: { required: true },
    });
    expect(post.requestBody.content['application/json'].schema).toMatchObject({
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: { name: { type: 'string', minLength: 1, maxLength: 255 }, node_count: { type: 'integer' } },
    });
    expect(body.paths['/v1'].get.security).toEqual([]);
    expect(body.paths['/v1/clusters/{cluster}'].patch.requestBody.content).toHaveProperty([
      'application/json-patch+json',
    ]);
  });
});
