import { listServers } from '../../../openstack/compute/servers.js';
import { isConflict, isStatus, type OpenStackError } from '../../../openstack/errors.js';
import { listFailures } from '../../../openstack/orchestration/events.js';
import { listResources } from '../../../openstack/orchestration/resources.js';
import {
  createStack,
  deleteStack,
  findStack,
  findStackById,
  listStacks,
  type Stack,
  type StackDefinition,
  type StackRef,
  type Template,
  updateStack,
} from '../../../openstack/orchestration/stacks.js';
import type { Session } from '../../../openstack/session.js';
import { until } from '../../support/until.js';
import { type ContractCloud, failureOf, freshName } from './contract-cloud.js';

const ctx = {};
/** No subnet has it. */
const OUTSIDE = { ip_address: '10.99.0.9' };

/** A network, and as many servers on ports of it as there are names. */
export function serversTemplate(servers: string[]): Template {
  const resources: Record<string, unknown> = {
    net: { type: 'OS::Neutron::Net' },
    subnet: {
      type: 'OS::Neutron::Subnet',
      properties: { network: { get_resource: 'net' }, cidr: '10.123.0.0/24', ip_version: 4 },
    },
  };
  for (const name of servers) {
    resources[`${name}_port`] = { type: 'OS::Neutron::Port', properties: { network: { get_resource: 'net' } } };
    resources[name] = {
      type: 'OS::Nova::Server',
      properties: {
        name,
        image: { get_param: 'image' },
        flavor: { get_param: 'flavor' },
        networks: [{ port: { get_resource: `${name}_port` } }],
        user_data_format: 'RAW',
        user_data_update_policy: 'IGNORE',
        user_data: { str_replace: { template: '#!/bin/sh\necho $who', params: { $who: { get_param: 'who' } } } },
      },
    };
  }
  return {
    heat_template_version: '2018-08-31',
    parameters: { image: { type: 'string' }, flavor: { type: 'string' }, who: { type: 'string', default: 'me' } },
    resources,
    outputs: {
      addresses: {
        value: Object.fromEntries(
          servers.map((name) => [name, { get_attr: [`${name}_port`, 'fixed_ips', 0, 'ip_address'] }]),
        ),
      },
      joined: { value: { list_join: ['+', servers] } },
    },
  };
}

export function definitionOf(cloud: ContractCloud, template: Template, tags: string[] = []): StackDefinition {
  const parameters = { image: cloud.image.name, flavor: cloud.flavor };
  return { template, parameters, tags, timeoutMinutes: 10 };
}

/** Waits until the stack has ended what it does. */
export async function settled(cloud: ContractCloud, session: Session, ref: StackRef): Promise<Stack | undefined> {
  let stack: Stack | undefined;
  await until(
    async () => {
      stack = await findStackById(session, ctx, ref);
      return stack?.status !== 'IN_PROGRESS';
    },
    { limitMs: cloud.stackLimitMs },
  );
  return stack;
}

export function describeOrchestration(cloud: () => ContractCloud): void {
  describe('orchestration', () => {
    it('makes a stack, finds it by name and by all of its tags, changes it as a difference and deletes it', async () => {
      const member = cloud().session('member');
      const [name, tag, a, b, c] = ['stack', 'tag', 'a', 'b', 'c'].map(freshName) as [
        string,
        string,
        string,
        string,
        string,
      ];
      const input = { name, ...definitionOf(cloud(), serversTemplate([a, b]), [tag, 'contract']) };

      const ref = { name, id: (await createStack(member, ctx, input)).id };
      const created = await settled(cloud(), member, ref);
      expect(created).toMatchObject({ name, action: 'CREATE', status: 'COMPLETE', tags: [tag, 'contract'] });
      expect(created?.outputs).toEqual({
        addresses: { [a]: expect.stringMatching(/^10\.123\.0\./), [b]: expect.stringMatching(/^10\.123\.0\./) },
        joined: `${a}+${b}`,
      });
      expect(await findStack(member, ctx, { name })).toEqual(created);
      expect((await listStacks(member, ctx, { tags: [tag, 'contract'] })).map(({ id }) => id)).toEqual([ref.id]);
      expect(await listStacks(member, ctx, { tags: [tag, 'other'] })).toEqual([]);
      const before = await serverIds(member, [a, b]);

      const parameters = { ...input.parameters, who: 'someone else' };
      await updateStack(member, ctx, { ...ref, ...input, parameters, template: serversTemplate([b, c]) });
      expect(await settled(cloud(), member, ref)).toMatchObject({ action: 'UPDATE', status: 'COMPLETE' });
      const after = await serverIds(member, [a, b, c]);
      expect(after).toEqual({ [b]: before[b], [c]: expect.any(String) });
      const resources = await listResources(member, ctx, ref);
      expect(resources.map((resource) => resource.name).sort()).toEqual(
        ['net', 'subnet', b, `${b}_port`, c, `${c}_port`].sort(),
      );
      expect(resources.find((resource) => resource.name === c)).toMatchObject({
        type: 'OS::Nova::Server',
        status: 'CREATE_COMPLETE',
        physicalId: after[c],
      });

      expect(await deleteStack(member, ctx, ref)).toBe(true);
      await until(async () => (await findStack(member, ctx, ref)) === undefined, { limitMs: cloud().stackLimitMs });
      expect(await deleteStack(member, ctx, ref)).toBe(false);
      expect(await serverIds(member, [a, b, c])).toEqual({});
    });

    it('lets a newer change take the place of one under way, and its tags show at once', async () => {
      const member = cloud().session('member');
      const [a, tag] = [freshName('a'), freshName('tag')];
      const input = { name: freshName('stack'), ...definitionOf(cloud(), serversTemplate([a]), [tag, 'first']) };

      const ref = { name: input.name, id: (await createStack(member, ctx, input)).id };
      await updateStack(member, ctx, { ...ref, ...input, template: serversTemplate([]), tags: [tag, 'second'] });
      const tagged = await listStacks(member, ctx, { tags: [tag, 'second'] });

      expect(tagged.map(({ id }) => id)).toEqual([ref.id]);
      expect(await listStacks(member, ctx, { tags: [tag, 'first'] })).toEqual([]);
      expect(await settled(cloud(), member, ref)).toMatchObject({ action: 'UPDATE', status: 'COMPLETE' });
      expect(await serverIds(member, [a])).toEqual({});
      expect(await deleteStack(member, ctx, ref)).toBe(true);
      await until(async () => (await findStack(member, ctx, ref)) === undefined, { limitMs: cloud().stackLimitMs });
    });

    it('refuses a taken name, and every change of a stack that is being deleted or is gone', async () => {
      const member = cloud().session('member');
      const input = { name: freshName('stack'), ...definitionOf(cloud(), serversTemplate([freshName('a')])) };

      const ref = { name: input.name, id: (await createStack(member, ctx, input)).id };
      expect(isConflict(await failureOf(createStack(member, ctx, input)))).toBe(true);
      const busy = await cloud().slowly(async () => {
        expect(await deleteStack(member, ctx, ref)).toBe(true);
        expect(await deleteStack(member, ctx, ref)).toBe(true);
        return failureOf(updateStack(member, ctx, { ...ref, ...input }));
      });
      await until(async () => (await findStack(member, ctx, ref)) === undefined, { limitMs: cloud().stackLimitMs });

      expect(isStatus(busy, 400)).toBe(true);
      expect((busy as OpenStackError).faultType).toBe('NotSupported');
      // For a moment Heat still takes it for one that is being deleted, or answers 500.
      const isGone = async () => isStatus(await failureOf(updateStack(member, ctx, { ...ref, ...input })), 404);
      await until(isGone, { limitMs: cloud().stackLimitMs, everyMs: 500 });
    });

    it('tells in the resources and in the events why a stack failed, and the next change mends it', async () => {
      const member = cloud().session('member');
      const lost = {
        type: 'OS::Neutron::Port',
        properties: { network: { get_resource: 'net' }, fixed_ips: [OUTSIDE] },
      };
      const template = serversTemplate([]);
      const broken = { ...template, resources: { ...(template.resources as object), lost } };
      const input = { name: freshName('stack'), ...definitionOf(cloud(), broken) };

      const ref = { name: input.name, id: (await createStack(member, ctx, input)).id };
      expect(await settled(cloud(), member, ref)).toMatchObject({ action: 'CREATE', status: 'FAILED' });
      const resources = await listResources(member, ctx, ref);
      const [failure] = await listFailures(member, ctx, ref);
      expect(resources.find(({ name }) => name === 'lost')).toMatchObject({
        status: 'CREATE_FAILED',
        statusReason: expect.stringMatching(/^\w+: resources\.lost: .*10\.99\.0\.9/),
      });
      expect(failure).toMatchObject({ resourceName: 'lost', statusReason: expect.stringContaining('10.99.0.9') });

      await updateStack(member, ctx, { ...ref, ...input, template });
      expect(await settled(cloud(), member, ref)).toMatchObject({ action: 'UPDATE', status: 'COMPLETE' });
      expect(await deleteStack(member, ctx, ref)).toBe(true);
      await until(async () => (await findStack(member, ctx, ref)) === undefined, { limitMs: cloud().stackLimitMs });
    });

    it('refuses a wrong template and wrong parameters with 400 before anything is made', async () => {
      const member = cloud().session('member');
      const good = definitionOf(cloud(), serversTemplate(['a']));
      const faults: Partial<StackDefinition>[] = [
        { template: { ...good.template, resources: { a: { type: 'OS::No::Such' } } } },
        {
          template: { ...good.template, resources: { a: { type: 'OS::Neutron::Net', properties: { colour: 'red' } } } },
        },
        {
          template: {
            ...good.template,
            resources: { a: { type: 'OS::Neutron::Subnet', properties: { cidr: '10.0.0.0/24' } } },
          },
        },
        { parameters: { ...good.parameters, colour: 'red' } },
        { parameters: { flavor: cloud().flavor } },
        { parameters: { ...good.parameters, image: 'no-such-image' } },
      ];

      for (const fault of faults) {
        const name = freshName('stack');
        const error = await failureOf(createStack(member, ctx, { name, ...good, ...fault }));
        expect(isStatus(error, 400)).toBe(true);
        expect((error as OpenStackError).serviceMessage).not.toBe('');
        expect(await findStack(member, ctx, { name })).toBeUndefined();
      }
    });
  });
}

/** Of those servers that there are, by name. */
async function serverIds(session: Session, names: string[]): Promise<Record<string, string>> {
  const found = await Promise.all(names.map((namePrefix) => listServers(session, ctx, { namePrefix })));
  return Object.fromEntries(found.flat().map(({ name, id }) => [name, id]));
}
