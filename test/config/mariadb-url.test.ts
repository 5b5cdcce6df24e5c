import { parseMariaDbUrl } from '../../common/db/mariadb-url.js';

describe("the database's URL", () => {
  it.each([
    [
      'mysql+pymysql://u:p@db/bayou?charset=utf8',
      { host: 'db', port: 3306, user: 'u', password: 'p', database: 'bayou' },
    ],
    ['mysql://u@db:3307/bayou', { host: 'db', port: 3307, user: 'u', password: '' }],
    ['mariadb://u:p@[2001:db8::1]:3306/bayou', { host: '2001:db8::1', port: 3306 }],
    ['mysql+pymysql://u:a%40b%2Fc%%zz#?x@db/bayou', { host: 'db', password: 'a@b/c%%zz#?x' }],
    ['mysql+pymysql://u:p@db/bayou?plugin=dbcounter&connect_timeout=3', { host: 'db', connectTimeout: 3000 }],
    ['mysql+pymysql://u:p@db/bayou?ssl_mode=REQUIRED', { ssl: { rejectUnauthorized: false, verifyIdentity: false } }],
    ['mysql://u:p@db/bayou?ssl_mode=VERIFY_IDENTITY', { ssl: { rejectUnauthorized: true, verifyIdentity: true } }],
  ])('is read in SQLAlchemy’s form: %s', (url, expected) => {
    expect(parseMariaDbUrl(url)).toMatchObject(expected);
  });

  it('may name a socket instead of a host', () => {
    const address = parseMariaDbUrl('mysql+pymysql://u:p@/bayou?unix_socket=/run/mysqld/mysqld.sock');

    expect(address).toMatchObject({ socketPath: '/run/mysqld/mysqld.sock', database: 'bayou' });
    expect(address).not.toHaveProperty('host');
  });

  it.each(['mysql://u:secret@db', 'mysql:/u:secret@db/x', 'mysql://u:secret@db:port/x'])(
    'is refused without a word of the password: %s',
    (url) => {
      expect(() => parseMariaDbUrl(url)).toThrow(/^\[database\] connection: (?!.*secret)/);
    },
  );
});
