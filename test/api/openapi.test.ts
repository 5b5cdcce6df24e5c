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
  });

  it('asks for no more than must be said', async () => {
    const { body } = await api.anonymous.get('/v1/openapi.json');

    const required = routes.flatMap(({ method, path }) => {
      const content = body.paths[path][method.toLowerCase()].requestBody?.content ?? {};
      const { type, required: names = [] } = content['application/json']?.schema ?? {};
      return type === 'object' ? [[`${method} ${path}`, names.toSorted()]] : [];
    });
    expect(Object.fromEntries(required)).toEqual({
      'POST /v1/clustertemplates': ['coe', 'image_id'],
      'POST /v1/clusters': ['cluster_template_id'],
      'POST /v1/clusters/{cluster}/actions/diagnose': [],
      'POST /v1/clusters/{cluster}/actions/resize': ['node_count'],
      'POST /v1/clusters/{cluster}/actions/upgrade': ['cluster_template'],
      'POST /v1/clusters/{cluster}/nodegroups': ['name'],
      'POST /v1/certificates': ['csr'],
      'POST /v1/quotas': ['project_id'],
      'PATCH /v1/quotas/{project}/{resource}': ['hard_limit'],
      'POST /v1/federations': ['hostcluster_id'],
      'POST /v1/bays': ['baymodel_id'],
      'POST /v1/baymodels': ['coe', 'image_id', 'keypair_id'],
      'POST /v1/x509keypairs': ['bay_uuid'],
    });
  });

  it('says of every field what it may be', async () => {
    const { body } = await api.anonymous.get('/v1/openapi.json');

    const open = routes.flatMap(({ method, path }) => {
      const { requestBody } = body.paths[path][method.toLowerCase()];
      const properties = requestBody?.content['application/json'].schema.properties ?? {};
      const untold = Object.entries<object>(properties).filter(([, schema]) => Object.keys(schema).length === 0);
      return untold.map(([field]) => `${method} ${path} ${field}`);
    });
    expect(open).toEqual([]);
  });

  it('has JSON Patch as a media type where a patch is what is taken', async () => {
    const { body } = await api.anonymous.get('/v1/openapi.json');

    const typesOf = (path: string) => Object.keys(body.paths[path].patch.requestBody.content);
    expect(typesOf('/v1/clusters/{cluster}')).toEqual(['application/json-patch+json', 'application/json']);
    expect(typesOf('/v1/quotas/{project}/{resource}')).toEqual(['application/json']);
  });
});
