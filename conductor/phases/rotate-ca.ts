import { changeRole, retirePrevious } from '../../common/authorities.js';
import { clusters, type RotationStage } from '../../common/db/clusters.js';
import type { Query } from '../../common/db/database.js';
import { MASTER_ROLE } from '../../common/db/node-groups.js';
import type { InfrastructurePlan } from '../../drivers/driver.js';
import { done, type Phase, type PhaseOutcome } from '../phase.js';
import type { Work } from '../work.js';
import { renewAuthorities } from './cluster-secrets.js';
import { ensureClusterAuthority } from './infrastructure.js';
import { followInTurn, renewWorkloads } from './rotate-nodes.js';

/**
 * The change of a cluster's authorities. Each stage is what the node listener says while the cluster's row has it, and
 * every node has come to it before the next begins: so whoever meets believes each other, whichever of two neighbouring
 * stages they are at. A phase whose stage it is not has nothing to do.
 */
interface Stage {
  stage: RotationStage;
  /** Before the nodes hear of it; may run twice. */
  prepare?(work: Work, authorities: readonly string[]): Promise<void>;
  mastersOnly?: boolean;
  /** Whether what runs in the cluster has to hear of it, too. */
  reachesWorkloads?: boolean;
  next: RotationStage | undefined;
  /** What the authorities are from then on. */
  end?(work: Work, trx: Query, authority: string): Promise<void>;
  event: [kind: string, message: string];
}

/** Nobody is signed by the new ones before all nodes trust them. */
export const trustNext = phaseOf('trust_authorities', {
  stage: 'trust',
  async prepare(work, authorities) {
    for (const name of authorities) await ensureClusterAuthority(work, name, 'next');
  },
  next: 'issue',
  async end({ deps, cluster }, trx, name) {
    const authority = { owner: cluster.uuid, name };
    await changeRole(trx, deps.sealer, authority, ['current', 'previous']);
    await changeRole(trx, deps.sealer, authority, ['next', 'current']);
  },
  event: [
    'ca_trusted',
    'All nodes trust the new certificate authorities beside the old ones; the new ones sign from now on',
  ],
});

/** All certificates but the one that users check. */
export const issueCertificates = phaseOf('issue_certificates', {
  stage: 'issue',
  reachesWorkloads: true,
  next: 'open',
  event: [
    'ca_rotation_open',
    'Old and new certificate authorities are good now: fetch "openstack coe cluster config" again, restart what asks ' +
      'the API from within pods, then call "openstack coe ca rotate" once more, which ends the old ones',
  ],
});

/** Users know the new ones by now. */
export const serveCertificates = phaseOf('serve_certificates', {
  stage: 'serve',
  mastersOnly: true,
  next: 'drop',
  end: ({ cluster }, trx, name) => retirePrevious(trx, cluster.uuid, name),
  event: ['ca_served', 'All masters show users certificates of the new authority; the keys of the old ones are gone'],
});

export const dropPrevious = phaseOf('drop_authorities', {
  stage: 'drop',
  reachesWorkloads: true,
  next: undefined,
  event: ['ca_rotated', 'Nothing that the old certificate authorities have signed is good any more'],
});

function phaseOf(name: string, definition: Stage): Phase {
  return { name, run: (work) => runStage(work, definition) };
}

async function runStage(work: Work, definition: Stage): Promise<PhaseOutcome> {
  const { stage, mastersOnly = false, reachesWorkloads = false } = definition;
  if ((await stageOf(work)) !== stage) return done;
  const plan = work.driver.planInfrastructure(await work.spec());
  await definition.prepare?.(work, plan.authorities);
  const wanted = (await work.nodes()).filter(({ state }) => state === 'wanted');
  const subjects = mastersOnly ? wanted.filter(({ role }) => role === MASTER_ROLE) : wanted;
  const followed = await followInTurn(work, subjects, stage);
  if (followed.kind !== 'done') return followed;
  const renewed = reachesWorkloads ? await renewWorkloads(work, wanted, stage) : done;
  if (renewed.kind !== 'done') return renewed;
  await end(work, definition, plan);
  return done;
}

async function stageOf({ deps, cluster }: Work): Promise<RotationStage | undefined> {
  const row = await deps.db.read('rotation stage', (query) => clusters.find(query, { uuid: cluster.uuid }));
  return row?.caRotation;
}

async function end(work: Work, definition: Stage, { authorities, secrets }: InfrastructurePlan): Promise<void> {
  const { uuid } = work.cluster;
  await work.fenced('rotation stage', async (trx) => {
    for (const name of authorities) await definition.end?.(work, trx, name);
    await renewAuthorities(work, trx, secrets);
    await clusters.update(trx, { uuid }, { caRotation: definition.next });
    await work.event(trx, ...definition.event);
  });
}
