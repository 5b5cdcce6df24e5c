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

  it.each<[string, (string | undefined)[], string, string]>([
    ['both others say so', ['m2', 'm2', undefined], 'UNHEALTHY', 'Unreachable'],
    ['it speaks of others itself', ['m2', 'm2', 'm0,m1'], 'UNHEALTHY', 'Unreachable'],
    ['one of two others says so', ['m2', undefined, undefined], 'HEALTHY', 'Reaches 3/3'],
    ['only it says so', [undefined, undefined, 'm2'], 'HEALTHY', 'Reaches 3/3'],
  ])('counts a manager as lost when %s', (_, words, status, word) => {
    const sorts = words.map((down, index) => {
      const report = manager(`m${index}`, 'well');
      return down === undefined ? report : { ...report, orchestrator: { ...report.orchestrator, nodes_down: down } };
    });

    const health = swarmHealth([...sorts, worker]);

    expect(health).toMatchObject({ status, reason: { api: 'ok', 'm0.Ready': 'True', 'm2.Manager': word } });
    expect(health.reason['managers.spare']).toBe(status === 'HEALTHY' ? '1' : '0');
  });

  it('counts a worker as lost when the managers say so', () => {
    const orchestrator = { managers_reachable: '1/1', nodes_down: 'x,w' };
    const health = swarmHealth([{ ...manager('m', 'well'), orchestrator }, worker]);

    expect(health).toMatchObject({ status: 'UNHEALTHY', reason: { 'w.Ready': 'False', 'm.Ready': 'True' } });
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
