import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { UpgradeTasks } from '../driver.js';
import { onMaster } from '../master-tasks.js';

/** In place, node by node; scripts of these names do it. */
export const upgradeTasks: UpgradeTasks = {
  check(nodes, { version, moving }) {
    const [first] = nodes;
    return onMaster(nodes, first === undefined ? [] : [first], () => ({
      name: 'check-upgrade',
      params: { version, moving: moving.map(({ name }) => name).join(',') },
    })).map((task) => ({ ...task, subject: version }));
  },
  release(nodes, subject, timeoutSeconds) {
    return onMaster(nodes, [subject], ({ name }) => ({
      name: 'drain',
      params: { node: name, timeout_seconds: String(timeoutSeconds), returns: 'true' },
    }));
  },
  resume(nodes, subject) {
    return onMaster(nodes, [subject], ({ name }) => ({ name: 'uncordon', params: { node: name } }));
  },
  upgrade(node, nodeData) {
    return { runOn: node, name: 'upgrade', subject: node.name, params: { node_json: JSON.stringify(nodeData) } };
  },
  undo(node, version) {
    return { runOn: node, name: 'upgrade-undo', subject: node.name, params: { version } };
  },
  isOf({ settings }, version) {
    return (settings as { kubernetes_version?: unknown } | undefined)?.kubernetes_version === version;
  },
  serves({ role, ready, orchestrator }, version) {
    return ready && orchestrator.version === version && (role !== MASTER_ROLE || orchestrator.api === 'ok');
  },
};
