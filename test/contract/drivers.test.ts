import { existsSync } from 'node:fs';
import { templatePath } from '../../common/package-root.js';
import { clusterNamePrefix, infrastructureStackName, nodeName, nodeStackName } from '../../conductor/names.js';
import { makeDrivers } from '../../drivers/registry.js';
import { HOST_NAME } from './driver/host-name.js';
import { describeDriver } from './driver.contract.js';

const drivers = makeDrivers();

for (const [folder, driver] of Object.entries(drivers)) describeDriver(folder, driver);

describe('the drivers together', () => {
  it.each(Object.keys(drivers))('have folders of their name: %s', (name) => {
    expect(existsSync(templatePath('..', 'drivers', name, 'driver.ts'))).toBe(true);
    expect(existsSync(templatePath(name, 'steps'))).toBe(true);
  });

  it('serve no kind of cluster twice', () => {
    const kinds = Object.values(drivers).flatMap(({ serves }) =>
      serves.map(({ serverType, os, coe }) => `${serverType} ${os} ${coe}`),
    );

    expect(kinds.filter((kind, index) => kinds.indexOf(kind) !== index)).toEqual([]);
  });
});

describe('names of what a cluster consists of', () => {
  const uuid = '9f0c1e58-6a7d-4c0f-8b1d-2f8b6c0a1234';
  const clusterNames = ['web', '9lives', '2024', '-', '', 'x'.repeat(242), '9'.repeat(242), '界'.repeat(242), 'A_b.C'];
  const groups = ['default-master', 'default-worker', 'gpu', '9gpus', 'a-very-long-name-of-a-group', '界'].map(
    (name, index) => ({
      name,
      uuid: `${index}000aaaa-6a7d-4c0f-8b1d-2f8b6c0a1234`,
      isDefault: name.startsWith('default'),
    }),
  );

  it.each(clusterNames)('are host names of at most 63 characters, all different, for the cluster "%s"', (name) => {
    const prefix = clusterNamePrefix({ uuid, name });
    const nodes = groups.flatMap((group) => [0, 1, 99_999].map((ordinal) => nodeName(prefix, group, ordinal)));
    const stacks = groups.flatMap((group) => [0, 1, 1999].map((index) => nodeStackName(prefix, group, index)));
    const all = [infrastructureStackName(prefix), ...nodes, ...stacks];

    expect(all.filter((one) => !HOST_NAME.test(one))).toEqual([]);
    expect(new Set(all).size).toBe(all.length);
  });
});
