import { isTransient, OpenStackError, readFault } from '../../openstack/errors.js';
import { path } from '../../openstack/path.js';

function fault(body: unknown, headers: Record<string, string> = {}): ReturnType<typeof readFault> {
  return readFault({ status: 400, headers, body });
}

describe('an error of a service', () => {
  it.each([
    ['Keystone', { error: { code: 403, message: 'Not yours.', title: 'Forbidden' } }, 'Not yours.', undefined],
    [
      'Nova',
      { forbidden: { code: 403, message: 'Quota exceeded for cores' } },
      'Quota exceeded for cores',
      'forbidden',
    ],
    [
      'Neutron',
      { NeutronError: { type: 'OverQuota', message: 'Quota exceeded', detail: '' } },
      'Quota exceeded',
      'OverQuota',
    ],
    ['Neutron, in brief', { NeutronError: 'Something' }, 'Something', undefined],
    [
      'Heat',
      { explanation: 'The resource …', code: 404, error: { type: 'EntityNotFound', message: 'No stack' }, title: 'x' },
      'No stack',
      'EntityNotFound',
    ],
    [
      'Glance',
      '<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  No image<br />\n </body>\n</html>',
      '404 Not Found No image',
      undefined,
    ],
    [
      'Glance as JSON',
      { message: 'No image<br /><br />', code: '404 Not Found', title: 'Not Found' },
      'No image',
      undefined,
    ],
    ['Octavia', { faultcode: 'Client', faultstring: 'Busy' }, 'Busy', 'Client'],
    ['Placement', { errors: [{ status: 404, title: 'Not Found', detail: 'No provider' }] }, 'No provider', undefined],
    ['nobody', undefined, 'HTTP 400', undefined],
  ])('is read in the words of %s', (_, body, message, type) => {
    expect(fault(body)).toMatchObject({ serviceMessage: message, faultType: type });
  });

  it('keeps the request id and when to come again', () => {
    expect(fault({}, { 'x-openstack-request-id': 'req-1', 'retry-after': '30' })).toMatchObject({
      requestId: 'req-1',
      retryAfterSeconds: 30,
    });
  });

  it.each([
    [undefined, undefined, true],
    [503, undefined, true],
    [500, 'DBConnectionError', true],
    [500, 'RemoteError', true],
    [409, 'OverQuota', false],
    [401, undefined, false],
  ])('of status %s and type %s is transient: %s', (status, faultType, transient) => {
    const error = new OpenStackError({
      service: 'orchestration',
      method: 'PUT',
      url: 'http://cloud/stacks',
      status,
      faultType,
      serviceMessage: '',
    });

    expect(isTransient(error)).toBe(transient);
  });

  it.each([
    ['object-store', 498, true],
    ['object-store', 507, true],
    ['object-store', 413, false],
    ['orchestration', 507, false],
  ] as const)('of %s and status %s is transient: %s', (service, status, transient) => {
    const details = { service, method: 'PUT', url: 'http://cloud/x', status, serviceMessage: '' };

    expect(isTransient(new OpenStackError(details))).toBe(transient);
  });

  it('does not show secrets of the address', () => {
    const details = {
      service: 'identity',
      method: 'GET',
      url: 'http://cloud/x?a=1&auth_token=abc',
      serviceMessage: '',
    } as const;

    expect(new OpenStackError(details).message).not.toContain('abc');
  });
});

describe('a path', () => {
  it('encodes what comes from tenants', () => {
    expect(path('os-keypairs', 'a/b ?')).toBe('/os-keypairs/a%2Fb%20%3F');
  });

  it.each(['', '.', '..'])('refuses "%s"', (segment) => {
    expect(() => path('images', segment)).toThrow('neither a name nor an id');
  });
});
