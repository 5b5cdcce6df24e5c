import { parseTransportUrl } from '../common/queue/transport-url.js';

describe('the transport URL', () => {
  it("reads oslo's form with several servers, credentials of their own or of the one before", () => {
    expect(parseTransportUrl('rabbit://one:p%40ss%2F1@alpha:5673,beta,two:x@[2001:db8::1]:5674/cloud')).toEqual([
      { protocol: 'amqp', hostname: 'alpha', port: 5673, username: 'one', password: 'p@ss/1', vhost: 'cloud' },
      { protocol: 'amqp', hostname: 'beta', port: 5672, username: 'one', password: 'p@ss/1', vhost: 'cloud' },
      { protocol: 'amqp', hostname: '2001:db8::1', port: 5674, username: 'two', password: 'x', vhost: 'cloud' },
    ]);
  });

  it.each([
    ['amqp://localhost', { protocol: 'amqp', port: 5672, username: 'guest', password: 'guest', vhost: '/' }],
    ['amqps://u:p@localhost', { protocol: 'amqps', port: 5671, username: 'u', password: 'p', vhost: '/' }],
    ['rabbit://u:p@localhost:5671/?ssl=1', { protocol: 'amqps', port: 5671, vhost: '/' }],
    ['rabbit://u:a:b@localhost/%2F', { password: 'a:b', vhost: '/' }],
    ['kombu+rabbit://u@localhost//', { username: 'u', password: '', vhost: '/' }],
  ])('reads %s', (url, expected) => {
    expect(parseTransportUrl(url)).toEqual([expect.objectContaining({ hostname: 'localhost', ...expected })]);
  });

  it('means TLS where the setting beside it says so', () => {
    expect(parseTransportUrl('rabbit://u:p@localhost/', true)).toMatchObject([{ protocol: 'amqps', port: 5671 }]);
  });

  it.each(['', 'localhost', 'http://u:secret@h/', 'rabbit://', 'rabbit://u:secret@h:99999/', 'rabbit://u:secr%et@h/'])(
    'refuses %j without repeating the password',
    (url) => {
      expect(() => parseTransportUrl(url)).toThrow(/^\[DEFAULT\] transport_url: (?!.*secr)/);
    },
  );
});
