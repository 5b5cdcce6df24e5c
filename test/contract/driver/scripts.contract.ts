import type { Node } from '../../../common/db/nodes.js';
import type { BayDriver, NodeTaskPlan } from '../../../drivers/driver.js';
import { loadNodeFiles } from '../../../drivers/user-data/files.js';
import {
  loadBalanced,
  nodeData,
  planAll,
  plannedInfrastructure,
  type SampleOptions,
  sampleCluster,
  WITH_VOLUMES,
} from './sample-cluster.js';

/** What nodes are told to run is there. */
export function describeScripts(driver: BayDriver): void {
  it('has a script for every step that it plans', () => {
    const registry = { template: { registryEnabled: true } };
    const variants: SampleOptions[] = [
      {},
      { template: { tlsDisabled: true } },
      registry,
      WITH_VOLUMES,
      ...loadBalanced(driver),
    ];
    const steps = variants.flatMap((variant) =>
      planAll(driver, sampleCluster(driver, variant)).nodes.flatMap((plan) => plan.steps),
    );

    expect(steps.length).toBeGreaterThan(0);
    const missing = [...new Set(steps)].filter((step) => !hasScript(driver, 'steps', step));
    expect(missing).toEqual([]);
  });

  it('has a script for every task that it plans, and runs it on a node that stays and is ready', () => {
    const { masters, workers } = sampleCluster(driver, { masters: 'most', workers: 3 });
    const all = [...masters, ...workers].map((node) => runningNode(node));
    const leaving = all.slice(-2).map((node): Node => ({ ...node, state: 'leaving' }));
    const known = [...all.slice(0, -2), ...leaving];
    const tasks: NodeTaskPlan[] = [
      ...(driver.tasks.drain?.(known, leaving, 600) ?? []),
      ...(driver.tasks.removeNodes?.(all.slice(0, -2), leaving) ?? []),
    ];

    for (const { name, runOn, subject, params } of tasks) {
      expect(hasScript(driver, 'tasks', name)).toBe(true);
      expect(runOn).toMatchObject({ state: 'wanted', ready: true });
      expect(leaving.map((node) => node.name)).toContain(subject);
      expect(Object.values(params).every((value) => typeof value === 'string')).toBe(true);
    }
    for (const { name, runOn } of driver.tasks.renewRegistry?.(all) ?? []) {
      expect(hasScript(driver, 'tasks', name)).toBe(true);
      expect(all).toContain(runOn);
    }
    const { spec } = sampleCluster(driver, { masters: 'most', workers: 3 });
    for (const { name, runOn, params } of driver.tasks.addons?.(spec, known) ?? []) {
      expect(hasScript(driver, 'tasks', name)).toBe(true);
      expect(runOn).toMatchObject({ role: 'master', state: 'wanted', ready: true });
      expect(Object.values(params).every((value) => typeof value === 'string')).toBe(true);
    }
    for (const { name, runOn, params } of upgradeTasks(driver, all)) {
      expect(hasScript(driver, 'tasks', name)).toBe(true);
      expect(all).toContain(runOn);
      expect(Object.values(params).every((value) => typeof value === 'string')).toBe(true);
    }
    for (const { name, runOn, params } of rotationTasks(driver, all)) {
      expect(hasScript(driver, 'tasks', name)).toBe(true);
      expect(all).toContain(runOn);
      expect(Object.values(params).every((value) => typeof value === 'string')).toBe(true);
    }
    expect(driver.tasks.upgrade === undefined).toBe(driver.planUpgrade === undefined);
    const notReady = known.map((node): Node => ({ ...node, ready: false }));
    expect(driver.tasks.drain?.(notReady, leaving, 600) ?? []).toEqual([]);
    expect(driver.tasks.drain?.(all, [], 600) ?? []).toEqual([]);
  });

  it('tells masters what their machines were not made with, and has a script for it', () => {
    for (const variant of loadBalanced(driver)) {
      const cluster = sampleCluster(driver, { ...variant, masters: 'most' });
      const infrastructure = plannedInfrastructure(cluster);
      const all = cluster.masters.map((node): Node => {
        const addresses = { private: infrastructure.masterPorts[node.name]?.address ?? '' };
        return { ...runningNode(node), addresses, nodeData: nodeData(driver, cluster.spec, infrastructure, node) };
      });
      const [gone, ...staying] = all;

      expect(driver.tasks.tellMasters?.(all).filter(({ isKnown }) => isKnown !== true) ?? []).toEqual([]);
      for (const { name, runOn, params, isKnown } of driver.tasks.tellMasters?.(staying) ?? []) {
        expect(hasScript(driver, 'tasks', name)).toBe(true);
        expect(staying).toContain(runOn);
        expect(isKnown).not.toBe(true);
        expect(JSON.stringify(params)).not.toContain(`"${gone?.addresses.private},`);
      }
    }
  });
}

function upgradeTasks({ tasks: { upgrade } }: BayDriver, all: Node[]): NodeTaskPlan[] {
  const [subject] = all;
  if (upgrade === undefined || subject === undefined) return [];
  return [
    ...upgrade.check(all, { version: 'v1', moving: all }),
    ...upgrade.release(all, subject, 600),
    ...upgrade.resume(all, subject),
    upgrade.upgrade(subject, subject.nodeData),
    upgrade.undo(subject, 'v1'),
  ];
}

function rotationTasks({ tasks: { rotateCa } }: BayDriver, all: Node[]): NodeTaskPlan[] {
  if (rotateCa === undefined) return [];
  return [...all.map((node) => rotateCa.follow(node, 'trust')), ...rotateCa.renewWorkloads(all, 'issue')];
}

function runningNode(node: { uuid: string; name: string; role: string; ordinal: number }): Node {
  return {
    ...node,
    ...{ id: 1, clusterId: 'c', projectId: 'p', nodeGroupId: 'g', state: 'wanted', nodeData: {} },
    ...{ certificateProfiles: {}, ticketExpiresAt: 1, enrolledKey: 'k', enrolledAt: 1, sshHostKey: undefined },
    ...{ serverId: `server-${node.name}`, addresses: {}, steps: [], ready: true, load: {}, orchestrator: {} },
    ...{ fault: undefined, lastSeen: 1, reportedAt: 1, createdAt: 1, updatedAt: undefined },
  };
}

function hasScript(driver: BayDriver, folder: 'steps' | 'tasks', name: string): boolean {
  return loadNodeFiles(driver).some(({ path }) => path === `/opt/bayou/${folder}/${name}.sh`);
}
