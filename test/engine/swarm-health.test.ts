import type { NodeReport } from '../../drivers/driver.js';
import { swarmHealth } from '../../drivers/swarm/health.js';

type Sort = 'well' | 'silent' | 'down' | 'without a leader';

function manager(name: string, sort: Sort): NodeReport {
  const orchestrator: Record<string, string> = sort === 'well' ? { managers_reachable: '3/3' } : {};
  return { name, role: 'master', ready: sort !== 'down', silent: sort === 'silent', orchestrator };
}

const worker: NodeReport = { name: 'w', role: 'worker', ready: true, silent: false, orchestrator: {} };

describe('the health of a Swarm', () => {
  it.each<[Sort[], string, string, string]>([
    [['well'], 'HEALTHY', '0', 'ok'],
    [['well', 'well', 'well'], 'HEALTHY', '1', 'ok'],
    [['well', 'well', 'silent'], 'UNHEALTHY', '0', 'ok'],
    [['well', 'well', 'down'], 'UNHEALTHY', '0', 'ok'],
    [['well', 'down', 'down'], 'UNHEALTHY', '0', '1 of 3 managers answer, 2 are needed'],
    [['well', 'silent', 'silent'], 'UNKNOWN', '0', '1 of 3 managers answer, 2 are needed'],
    [['without a leader', 'without a leader', 'silent'], 'UNHEALTHY', '0', '0 of 3 managers answer, 2 are needed'],
    [['well', 'well', 'well', 'well', 'well'], 'HEALTHY', '2', 'ok'],
  ])('with managers that are %j is %s, %s to spare, API %s', (sorts, status, spare, api) => {
    const health = swarmHealth([...sorts.map((sort, index) => manager(`m${index}`, sort)), worker]);

    expect(health).toMatchObject({ status, reason: { api, 'managers.spare': spare, 'w.Ready': 'True' } });
  });

  it('is told of each manager', () => {
    const sorts: Sort[] = ['well', 'silent', 'down', 'without a leader'];

    const { reason } = swarmHealth(sorts.map((sort, index) => manager(`m${index}`, sort)));

    expect(reason).toMatchObject({
      'm0.Manager': 'Reaches 3/3',
      'm1.Manager': 'Unknown',
      'm2.Manager': 'Down',
      'm3.Manager': 'No leader',
    });
  });
});
