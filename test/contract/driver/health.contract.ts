import type { BayDriver, NodeReport } from '../../../drivers/driver.js';
import { deepFreeze } from './purity.js';
import { sampleCluster } from './sample-cluster.js';

/** What the health script of a node that is well says besides, by driver and role. */
const WELL: Record<string, Record<string, NodeReport['orchestrator']>> = {
  kubernetes: { master: { api: 'ok' } },
  mesos: { master: { zookeeper: 'follower', mesos: 'leader', marathon: 'leader' } },
  swarm: { master: { managers_reachable: '5/5' } },
};

/** What a cluster's health is, whatever runs on its nodes. */
export function describeHealth(driver: BayDriver): void {
  const { masters, workers } = sampleCluster(driver, { masters: 'most' });
  const report = (changes: (role: string, ordinal: number) => Partial<NodeReport>): NodeReport[] =>
    [...masters, ...workers].map(({ name, role, ordinal }) => ({
      ...{ name, role, ready: true, silent: false, orchestrator: WELL[driver.name]?.[role] ?? {} },
      ...changes(role, ordinal),
    }));
  const cases: [string, NodeReport[], string][] = [
    ['all are ready', report(() => ({})), 'HEALTHY'],
    ['one worker is silent', report((role, ordinal) => ({ silent: role === 'worker' && ordinal === 0 })), 'UNHEALTHY'],
    ['one worker is not ready', report((role, ordinal) => ({ ready: role === 'master' || ordinal > 0 })), 'UNHEALTHY'],
    ['no master is ready', report((role) => ({ ready: role !== 'master' })), 'UNHEALTHY'],
    ['no master is heard of', report((role) => ({ silent: role === 'master' })), 'UNKNOWN'],
    ['nobody is heard of', report(() => ({ silent: true })), 'UNKNOWN'],
    ['there is no node', [], 'UNKNOWN'],
  ];

  it.each(cases)('when %s, tells the health', (_, reports, expected) => {
    deepFreeze(reports);
    const { status, reason } = driver.health(reports);

    expect(status).toBe(expected);
    expect(driver.health(reports)).toEqual({ status, reason });
    for (const { name } of reports) expect(Object.keys(reason).some((key) => key.includes(name))).toBe(true);
    expect(Object.values(reason).every((value) => typeof value === 'string')).toBe(true);
  });
}
