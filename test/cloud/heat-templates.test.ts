import type { StackPlan } from '../../drivers/driver.js';
import { makeDrivers } from '../../drivers/registry.js';
import { variantsOf } from '../contract/driver/heat.contract.js';
import { nodeStackInput, plannedInfrastructure, sampleCluster } from '../contract/driver/sample-cluster.js';
import { serviceCredentials, sessionsOf } from './sessions.js';
import { readTarget } from './target.js';

jest.setTimeout(10 * 60_000);

const drivers = Object.values(makeDrivers());

/** Heat knows every type, property and function in them, whatever else the cloud has. */
describe('templates of stacks, as real Heat reads them', () => {
  const target = readTarget(process.env);
  const session = sessionsOf(target)(serviceCredentials(target));

  /** @throws OpenStackError what Heat finds wrong */
  async function validated({ template, parameters }: StackPlan): Promise<string[]> {
    const { body } = await session.request<{ Parameters: Record<string, unknown> }>(
      {},
      {
        service: 'orchestration',
        method: 'POST',
        path: '/validate',
        body: { template, environment: { parameters } },
      },
    );
    return Object.keys(body.Parameters).sort();
  }

  it('refuses a property that there is not', async () => {
    const resources = { network: { type: 'OS::Neutron::Net', properties: { nmae: 'x' } } };
    const template = { heat_template_version: '2018-08-31', resources } as StackPlan['template'];

    await expect(validated({ template, parameters: {} })).rejects.toThrow(/nmae/);
  });

  it.each(drivers.flatMap((driver) => variantsOf(driver).map(([name, variant]) => ({ driver, name, variant }))))(
    'are right for $driver.name $name',
    async ({ driver, variant }) => {
      const cluster = sampleCluster(driver, variant);
      const { spec, masters, workers } = cluster;
      const infrastructure = plannedInfrastructure(cluster);
      const loadBalancer = driver.planLoadBalancer?.(spec, infrastructure);
      const plans = [
        driver.planInfrastructure(spec).stack,
        ...(loadBalancer === undefined ? [] : [loadBalancer]),
        ...[masters, workers].map((members) =>
          driver.planNodeStack(nodeStackInput(driver, spec, infrastructure, members)),
        ),
      ];

      for (const plan of plans)
        expect(await validated(plan)).toEqual(Object.keys(plan.template.parameters ?? {}).sort());
    },
  );
});
