import { openTestDatabase } from '../support/test-database.js';
import { testServerUrl } from '../support/test-server.js';
import { type DoctorFixture, startFixture } from './doctor-fixture.js';

let doctor: DoctorFixture;
beforeAll(async () => {
  doctor = await startFixture();
});
afterAll(() => doctor.stop());

describe('the doctor on a service of several processes', () => {
  it('finds RabbitMQ and Redis in order', async () => {
    const findings = await doctor.examine({
      BAYOU_DEFAULT__TRANSPORT_URL: testServerUrl('rabbitmq'),
      BAYOU_SCHEDULER__REDIS_URL: testServerUrl('redis'),
    });

    expect(findings).toContainEqual({
      state: 'ok',
      what: 'RabbitMQ',
      found: expect.stringMatching(/^RabbitMQ \d.* at /),
    });
    expect(findings).toContainEqual(expect.objectContaining({ state: 'ok', what: 'Redis' }));
  });

  it('finds MariaDB in order, and refused where the password is wrong', async () => {
    const url = new URL(testServerUrl('mariadb'));
    const db = await openTestDatabase('mariadb');
    try {
      const rows = await db.knex.raw<{ name: string }[][]>('SELECT DATABASE() AS name');
      url.pathname = `/${rows[0]?.[0]?.name}`;
      const right = await doctor.examine({ BAYOU_DATABASE__CONNECTION: url.href });
      url.password = 'guess';
      const wrong = await doctor.examine({ BAYOU_DATABASE__CONNECTION: url.href });

      expect(right).toContainEqual({
        state: 'ok',
        what: 'database',
        found: expect.stringMatching(/^MariaDB \S+, schema \d{4}-/),
      });
      expect(wrong).toContainEqual(
        expect.objectContaining({ state: 'fail', what: 'database', found: expect.stringContaining('Access denied') }),
      );
      expect(JSON.stringify(wrong)).not.toContain('guess');
    } finally {
      await db.close();
    }
  });
});
