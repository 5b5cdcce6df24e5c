import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startListenerFixture } from '../support/listener-fixture.js';
import { addNode } from '../support/swarm-nodes.js';
import { Machine, removeMachines } from './machine.js';

const ADDONS = {
  ca: 'nodes',
  commonName: 'bayou:addons',
  usages: ['client' as const],
  names: [],
  lifetimeMinutes: 60,
};

export type EnrolledMaster = Awaited<ReturnType<typeof enrolMaster>>;

/** A Kubernetes master with a played kubectl, known to its node listener; it may ask for the certificate of add-ons. */
export async function enrolMaster(settings: Record<string, unknown>) {
  const folder = mkdtempSync(join(tmpdir(), 'bayou-master-'));
  const fixture = await startListenerFixture({ maxRequestsPerMinute: 10_000 });
  await fixture.addAuthority('nodes');
  const row = { addresses: { private: '10.0.0.5' }, certificateProfiles: { addons: ADDONS } };
  const known = { driver: 'kubernetes', settings: { api_host: '10.0.0.5', api_port: 6443, ...settings } };
  const machine = new Machine(folder, await addNode(fixture, 'web-master-0', 'master', row, known));
  mkdirSync(join(machine.root, 'fake/kubectl'));
  await machine.run('enrol.sh');
  return {
    folder,
    fixture,
    machine,
    async stop(): Promise<void> {
      await fixture.stop();
      await removeMachines(folder);
    },
  };
}
