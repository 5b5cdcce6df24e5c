import { isIP } from 'node:net';
import { type BayDriver, CLUSTER_AUTHORITY } from '../../../drivers/driver.js';
import { plannedInfrastructure, sampleCluster } from './sample-cluster.js';

/** Who may show which certificate, and read which secret. */
export function describeTrust(driver: BayDriver): void {
  const plans = () => {
    const cluster = sampleCluster(driver, { masters: 'most' });
    const infrastructure = plannedInfrastructure(cluster);
    const nodes = [...cluster.masters, ...cluster.workers].map((node) => ({
      node,
      profiles: Object.entries(driver.planNode(cluster.spec, infrastructure, node).certificateProfiles),
    }));
    return { nodes, ...driver.planInfrastructure(cluster.spec) };
  };

  it('has every certificate signed by an authority of the cluster, for names that are names or addresses', () => {
    const { nodes, authorities } = plans();

    expect(authorities).toContain(CLUSTER_AUTHORITY);
    expect(new Set(authorities).size).toBe(authorities.length);
    for (const [, profile] of nodes.flatMap(({ profiles }) => profiles)) {
      expect(authorities).toContain(profile.ca);
      expect(profile.commonName.length).toBeLessThanOrEqual(64); // RFC 5280, ub-common-name
      expect(profile.usages.length).toBeGreaterThan(0);
      if (profile.usages.includes('server')) expect(profile.names.length).toBeGreaterThan(0);
      expect(
        profile.names.filter((name) => isIP(name) === 0 && !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name)),
      ).toEqual([]);
    }
  });

  it('gives no worker a certificate that the authority of users signs for clients', () => {
    const opening = plans().nodes.flatMap(({ node, profiles }) =>
      profiles.filter(
        ([, { ca, usages }]) => node.role !== 'master' && ca === CLUSTER_AUTHORITY && usages.includes('client'),
      ),
    );

    expect(opening).toEqual([]);
  });

  it('gives a node no name or address of another one', () => {
    const { nodes } = plans();
    const mine = (index: number) => nodes[index]?.profiles.flatMap(([, { names }]) => names) ?? [];

    for (const [index, { node }] of nodes.entries()) {
      const others = nodes.filter((other) => other.node.name !== node.name).map((other) => other.node.name);
      expect(mine(index).filter((name) => others.includes(name))).toEqual([]);
    }
  });

  it('lets workers read no secret of the managers, and write none that others read', () => {
    const { secrets } = plans();
    const byWorkers = (roles: readonly string[]) => roles.some((role) => role !== 'master');

    expect(new Set(secrets.map(({ name }) => name)).size).toBe(secrets.length);
    for (const { name, readableBy, writableBy } of secrets) {
      expect([name, byWorkers(readableBy) && /manager|master|control|admin|(^|-)ca(-|$)|private/.test(name)]).toEqual([
        name,
        false,
      ]);
      expect([name, byWorkers(writableBy)]).toEqual([name, false]);
    }
  });
}
